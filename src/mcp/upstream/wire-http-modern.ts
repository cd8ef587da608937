import { Ending } from "../../lib/ending.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { encodeHeader, headersFor, paramHeadersOf } from "../param-headers.ts";
import { mirroredParameter, modernVersion } from "../protocol.ts";
import { membersOf, memberText } from "../spans.ts";
import { Absent, Refused } from "./failures.ts";
import { answerReader, asProblem, refusalOf } from "./http.ts";
import { accepts, type HttpTarget, httpClient } from "./http-client.ts";
import type { Answer } from "./http1/answer.ts";
import type { Ear, Sending, Wire } from "./wire.ts";

/** Streamable HTTP of the modern era: no session, a stream for each request, whose closing is the only cancellation there is. */
export function modernHttpWire(target: HttpTarget, limits: ServerLimits): Wire {
  const http = httpClient(target, limits);
  const { readAnswer, readAtOnce } = answerReader(limits);
  let ear: Ear;

  function carry(sending: Sending, ending: Ending): void {
    const { id, method, text: body } = sending;
    const failed = (error: unknown) => ear.failed(id, asProblem(error, "the server's event stream broke off"));
    try {
      const fields = http.fields({ accept: accepts.post, "content-type": "application/json", ...mirrored(sending) });
      const answered = (answer: Answer) => {
        try {
          if (!readAtOnce(answer, id, ear)) void read(sending, answer).catch(failed);
        } catch (error) {
          failed(error);
        }
      };
      http.ask({ fields, body, ending, opens: method === "server/discover" }, { answered, failed });
    } catch (error) {
      failed(error);
    }
  }

  async function read(sending: Sending, answer: Answer): Promise<void> {
    if (decidesNothing(sending, answer)) {
      answer.letGo();
      throw refusalOf(answer);
    }
    await readAnswer(answer, sending.id, ear, { lastEventId: undefined, retryMs: 0 });
    if (ear.waits(sending.id)) throw new Absent("the server's event stream ended without an answer");
  }

  return {
    hear(next) {
      ear = next;
    },
    request(sending) {
      const ending = new Ending();
      carry(sending, ending);
      return () => ending.end();
    },
    // A client of this era says nothing that is not a request (reference/protocol.md §1.1).
    post: async () => {},
    cancelsBy: "closing",
    close: () => {},
  };
}

/** Credentials that are missing and servers that are broken say nothing of an era, whatever JSON comes with it (reference/protocol.md §2.2). */
const decidesNothing = ({ method }: Sending, { status }: Answer): boolean =>
  status === 401 || status === 403 || (method === "server/discover" && status >= 500);

function mirrored({ method, params, tool }: Sending): Record<string, string> {
  const members = membersOf(params);
  const parameter = mirroredParameter[method];
  const value = parameter === undefined ? undefined : memberText(params, members, parameter);
  const name = value?.startsWith('"') === true ? { "mcp-name": encodeHeader(JSON.parse(value) as string) } : {};
  return {
    "mcp-protocol-version": modernVersion,
    "mcp-method": method,
    ...name,
    ...(method === "tools/call" && tool !== undefined
      ? argumentHeaders(tool, memberText(params, members, "arguments"))
      : {}),
  };
}

/** @throws Refused when the tool's own schema cannot be followed: without its headers the call would be refused anyway */
function argumentHeaders(tool: string, args: string | undefined): Record<string, string> {
  const found = paramHeadersOf(tool);
  if ("invalid" in found) throw new Refused(`the tool's schema cannot be followed: ${found.invalid}`);
  return found.declared.length === 0 ? {} : headersFor(found.declared, JSON.parse(args ?? "{}"));
}
