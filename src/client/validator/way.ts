import { within } from "../../lib/wait.ts";
import { openLine, type Program } from "../sdk-stdio.ts";
import type { Exchange, Sent } from "./exchange.ts";
import { type Heard, listener } from "./heard.ts";
import { httpWire, type Wire } from "./speaker.ts";

/** The raw way to a server, over either transport, and what was heard on it by the way. */
export type Way = { over: "http" | "stdio"; wire: Wire; heard: Heard; close: () => Promise<void> };

export type Ends = {
  url: string;
  program?: Program | undefined;
  token: string | undefined;
  headers: Record<string, string>;
};

const most = { sessions: 200, goodbyeMs: 2_000 } as const;

/** Which headers say who we are: a request of nobody is sent without them. */
const isCredential = (name: string): boolean => /^(authorization|cookie)$|key|token/i.test(name);

export function credentialOf({ token, headers }: Pick<Ends, "token" | "headers">): Record<string, string> {
  const given = Object.entries(headers).filter(([name]) => isCredential(name));
  return { ...Object.fromEntries(given), ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
}

/** Sessions that were opened on the way are ended by `close`. */
export function httpWay(ends: Ends, timeoutMs: number): Way {
  const credential = credentialOf(ends);
  const plain = Object.fromEntries(Object.entries(ends.headers).filter(([name]) => !isCredential(name)));
  const { heard, hear } = listener(Object.values(credential));
  const sessions = new Set<string>();
  const note = (answer: Exchange, sent: Sent) => {
    hear(answer, nameOf(sent));
    const session = answer.headers.get("mcp-session-id");
    if (session !== null && sessions.size < most.sessions) sessions.add(session);
    if (sent.method === "DELETE") sessions.delete(sent.headers["mcp-session-id"] ?? "");
  };
  const wire = httpWire({ url: ends.url, credential, headers: plain, timeoutMs, heard: note });
  const close = async () => {
    const goodbyes = [...sessions].map((session) =>
      wire.send({ method: "DELETE", headers: { "mcp-session-id": session } }),
    );
    await within(most.goodbyeMs, Promise.allSettled(goodbyes));
  };
  return { over: "http", wire, heard, close };
}

/** The same for a program: a message is a line, and its answer looks as if HTTP had brought it. */
export async function programWay(program: Program, timeoutMs: number): Promise<Way> {
  const line = await openLine(program);
  const { heard, hear } = listener([]);
  const wire: Wire = {
    url: program.words.join(" "),
    credential: {},
    async send({ body = "{}", timeoutMs: most = timeoutMs }) {
      const message = JSON.parse(body) as Record<string, unknown>;
      const answer = await line.send(message, most);
      const isAnswered = answer !== undefined || !("id" in message);
      const exchange: Exchange = {
        status: isAnswered ? 200 : 0,
        headers: new Headers(),
        text: answer === undefined ? "" : JSON.stringify(answer),
        messages: answer === undefined ? [] : [answer],
        ...(isAnswered ? {} : { broken: `nothing within ${most / 1000} s` }),
      };
      hear(exchange, String(message["method"]));
      return exchange;
    },
  };
  return { over: "stdio", wire, heard, close: () => line.close() };
}

/** What was asked, for evidence: never more of a body than its method. */
function nameOf({ method, body, url }: Sent): string {
  const asked = /"method":"([\w/-]{1,60})"/.exec(body?.slice(0, 2_000) ?? "")?.[1];
  return asked === undefined ? `${method} ${new URL(url).pathname.slice(0, 60)}` : asked;
}
