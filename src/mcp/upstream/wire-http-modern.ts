import { Ending } from "../../lib/ending.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { encodeHeader, headersFor, type ParamHeader, paramHeadersOf } from "../param-headers.ts";
import { mirroredParameter, modernVersion } from "../protocol.ts";
import { memberOf, skipString } from "../spans.ts";
import { Absent, Refused } from "./failures.ts";
import { answerReader, asProblem, refusalOf } from "./http.ts";
import { accepts, type HttpTarget, httpClient } from "./http-client.ts";
import type { Answer } from "./http1/answer.ts";
import type { Fields } from "./http1/request.ts";
import type { Ear, Sending, Wire } from "./wire.ts";

/** Streamable HTTP of the modern era: no session, a stream for each request, whose closing is the only cancellation there is. */
export function modernHttpWire(target: HttpTarget, limits: ServerLimits): Wire {
  const http = httpClient(target, limits);
  const { readAnswer, readAtOnce } = answerReader(limits);
  const mirror = mirroring((ours) => http.fields({ ...common, ...ours }));
  let ear: Ear;

  function carry(sending: Sending, ending: Ending): void {
    const { id, method, text: body } = sending;
    const failed = (error: unknown) => ear.failed(id, asProblem(error, "the server's event stream broke off"));
    try {
      const answered = (answer: Answer) => {
        try {
          if (!readAtOnce(answer, id, ear)) void read(sending, answer).catch(failed);
        } catch (error) {
          failed(error);
        }
      };
      http.ask({ fields: mirror(sending), body, ending, opens: method === "server/discover" }, { answered, failed });
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

const common = {
  accept: accepts.post,
  "content-type": "application/json",
  "mcp-protocol-version": modernVersion,
};

/** What is said again with each call of the same tool, or read of the same resource. */
type Said = {
  tool: string | undefined;
  record: Record<string, string>;
  declared: readonly ParamHeader[];
  fields: Fields;
};

/** So many are kept at once, and none whose name is longer, which a client may have made up. */
const mostSaid = 512;
const longestKept = 512;

/** The header fields of a request, which mirror what its text says: made once for all that say the same, but for arguments. */
function mirroring(fieldsOf: (ours: Record<string, string>) => Fields): (sending: Sending) => Fields {
  const kept = new Map<string, Said>();

  function saidOf(method: string, name: string | undefined, tool: string | undefined): Said {
    const key = `${method} ${name}`;
    const known = kept.get(key);
    if (known !== undefined && known.tool === tool) return known;
    const declared = tool === undefined ? [] : declaredBy(tool);
    const named = name?.startsWith('"') === true ? { "mcp-name": encodeHeader(JSON.parse(name) as string) } : {};
    const record = { "mcp-method": method, ...named };
    const said = { tool, record, declared, fields: fieldsOf(record) };
    if (key.length > longestKept) return said;
    if (kept.size >= mostSaid) kept.clear();
    kept.set(key, said);
    return said;
  }

  return ({ method, params, tool }) => {
    const parameter = mirroredParameter[method];
    const name = parameter === undefined ? undefined : memberFirst(params, parameter);
    const { record, declared, fields } = saidOf(method, name, method === "tools/call" ? tool : undefined);
    if (declared.length === 0) return fields;
    return fieldsOf({ ...record, ...headersFor(declared, JSON.parse(memberOf(params, "arguments") ?? "{}")) });
  };
}

/** The text of one member, which nearly always stands first. */
function memberFirst(params: string, key: string): string | undefined {
  const start = key.length + 4;
  if (!params.startsWith(`{"${key}":"`)) return memberOf(params, key);
  return params.slice(start, skipString(params, start));
}

/** @throws Refused when the tool's own schema cannot be followed: without its headers the call would be refused anyway */
function declaredBy(tool: string): readonly ParamHeader[] {
  const found = paramHeadersOf(tool);
  if ("invalid" in found) throw new Refused(`the tool's schema cannot be followed: ${found.invalid}`);
  return found.declared;
}
