import { hostOf } from "../../../lib/address-guard.ts";
import { type Exchange, inShort, resultOf } from "../exchange.ts";
import { type Ground, harmless, isServed } from "../ground.ts";
import { NotHere, tried } from "../row.ts";
import { initialize, legacyVersions, openLegacy, type Speaker, type Wire } from "../speaker.ts";
import { open, type Probe } from "./probe.ts";

type Try = { with: string; answer: Exchange };

/** Whether who we are is looked at, everywhere and to the letter. */
export const credentials: readonly Probe[] = [
  {
    id: "MCP-SEC-005",
    sends: "a harmless request without a credential",
    over: "http",
    tried: tried(
      async (speaker, { wire }) => {
        const isKnown = Object.keys(wire.credential).length > 0;
        if (!isKnown && isThisMachine(wire.url)) return new NotHere("it is of this machine, and no token was given");
        return await anonymously(speaker, wire, "nobody");
      },
      (answer) => (isServed(answer) ? inShort(answer) : undefined),
    ),
  },
  {
    id: "MCP-SEC-006",
    sends: "a harmless request with a token of our own invention",
    over: "http",
    tried: tried(
      async (speaker, ground) =>
        ground.isGuarded
          ? await tries(speaker, ground, {
              "an invented token": invention,
              "an empty one": "Bearer",
            })
          : open,
      firstServed,
    ),
  },
  {
    id: "MCP-SEC-007",
    sends: "harmless requests with the token cut short, made longer and in other letters",
    over: "http",
    tried: tried(async (speaker, ground) => {
      const { isGuarded, wire } = ground;
      if (!isGuarded) return open;
      const token = bearerOf(wire.credential);
      if (token === undefined) return new NotHere("no token was given");
      const [invented] = await tries(speaker, ground, { "an invented token": invention });
      if (invented !== undefined && isServed(invented.answer)) return new NotHere("it takes any token");
      return await tries(speaker, ground, likenesses(token));
    }, firstServed),
  },
  {
    id: "MCP-SEC-008",
    sends: "a harmless request with the token in the address, as access_token, token and api_key",
    over: "http",
    tried: tried(async (speaker, { isGuarded, wire }) => {
      if (!isGuarded) return open;
      const token = bearerOf(wire.credential);
      if (token === undefined) return new NotHere("no token was given");
      const answers: Try[] = [];
      for (const name of ["access_token", "token", "api_key"]) {
        const url = new URL(wire.url);
        url.searchParams.set(name, token);
        answers.push({ with: `?${name}=`, answer: await anonymously(speaker, wire, "nobody", url.href) });
      }
      return answers;
    }, firstServed),
  },
  {
    id: "MCP-SEC-009",
    sends: "initialize and tools/list without a credential, in every revision and in none",
    over: "http",
    tried: tried(async (_speaker, { isGuarded, wire }) => {
      if (!isGuarded) return open;
      const answers: Try[] = [];
      for (const version of [...legacyVersions, "1999-01-01", undefined]) {
        const headers = { "mcp-protocol-version": version };
        for (const [method, body] of [
          ["initialize", initialize(version)],
          ["tools/list", listing],
        ] as const) {
          const answer = await wire.send({ as: "nobody", headers, body });
          answers.push({ with: `${method} in ${version ?? "no revision"}`, answer });
        }
      }
      return answers;
    }, firstServed),
  },
  {
    id: "MCP-SEC-010",
    sends: "initialize without a credential to /, /mcp, /rpc, /message and /messages, and GET of /sse",
    over: "http",
    tried: tried(
      async (_speaker, { isGuarded, wire }) => {
        if (!isGuarded) return open;
        const answers: Try[] = [];
        const body = initialize();
        for (const path of doors) {
          const url = new URL(path, wire.url).href;
          if (url === wire.url) continue;
          answers.push({ with: `POST ${path}`, answer: await wire.send({ url, as: "nobody", body }) });
        }
        const url = new URL("/sse", wire.url).href;
        answers.push({ with: "GET /sse", answer: await wire.send({ url, method: "GET", as: "nobody" }) });
        return answers;
      },
      (answers) => firstServed(answers) ?? firstStream(answers),
    ),
  },
];

const invention = "Bearer mcpctl-probe-not-a-token";
const doors = ["/", "/mcp", "/mcp/", "/rpc", "/message", "/messages"] as const;
const listing = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });

function firstServed(answers: readonly Try[]): string | undefined {
  const one = answers.find(({ answer }) => isServed(answer));
  return one && `${one.with}: ${inShort(one.answer)}`;
}

function firstStream(answers: readonly Try[]): string | undefined {
  const one = answers.find(({ answer: { status, text } }) => status === 200 && text.startsWith("endpoint: "));
  return one && `${one.with}: ${one.answer.text.slice(0, 80)}`;
}

async function tries(speaker: Speaker, { wire }: Ground, authorizations: Record<string, string>): Promise<Try[]> {
  const answers: Try[] = [];
  for (const [name, authorization] of Object.entries(authorizations))
    answers.push({ with: name, answer: await anonymously(speaker, wire, { authorization }) });
  return answers;
}

/** A harmless request, outside of any session: who has one may be known by it. */
async function anonymously(
  { era, ...speaker }: Speaker,
  wire: Wire,
  as: "nobody" | Record<string, string>,
  url: string = wire.url,
): Promise<Exchange> {
  if (era === "legacy") {
    const opened = await openLegacy({ ...wire, send: (sent) => wire.send({ url, ...sent }) }, speaker.version, as);
    return "speaker" in opened ? opened.speaker.opening : opened.refused;
  }
  const [method, params] = harmless({ era, ...speaker });
  return await wire.send({
    url,
    as,
    headers: speaker.headers(method),
    body: JSON.stringify(speaker.message(method, params)),
  });
}

/** Whether a request that names nobody is turned away. */
export async function guarded(speaker: Speaker, wire: Wire): Promise<boolean> {
  const answer = await anonymously(speaker, wire, "nobody");
  return resultOf(answer) === undefined;
}

function bearerOf(credential: Record<string, string>): string | undefined {
  return /^Bearer\s+(.+)$/i.exec(credential["authorization"] ?? "")?.[1];
}

export function likenesses(token: string): Record<string, string> {
  const swapped = token.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
  const all = {
    "its first half": token.slice(0, Math.ceil(token.length / 2)),
    "all but its end": token.slice(0, -1),
    "with something behind it": `${token}x`,
    "in other letters": swapped,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, text]) => (text === token || text === "" ? [] : [[name, `Bearer ${text}`]])),
  );
}

const isThisMachine = (url: string): boolean => {
  const { host } = hostOf(new URL(url));
  return host === "localhost" || host === "::1" || host.startsWith("127.");
};
