import { textOf } from "../../lib/pieces.ts";
import type { ServerLimits } from "../../resources/limits.ts";
import { encodeHeader, headersFor, type ParamHeader, paramHeadersOf } from "../param-headers.ts";
import { mirroredParameter, modernVersion } from "../protocol.ts";
import { memberOf, skipString } from "../spans.ts";
import { Absent, Refused } from "./failures.ts";
import { answerReader, refusalOf } from "./http.ts";
import { accepts, type HttpTarget, httpClient } from "./http-client.ts";
import type { Answer } from "./http1/answer.ts";
import type { Fields } from "./http1/request.ts";
import { nobody, Posting, type Way } from "./posting.ts";
import type { Sending, Wire } from "./wire.ts";

/** Streamable HTTP of the modern era: no session, a stream for each request, whose closing is the only cancellation there is. */
export function modernHttpWire(target: HttpTarget, limits: ServerLimits): Wire {
  const http = httpClient(target, limits);
  const reader = answerReader(limits);
  const fieldsOf = mirroring((ours) => http.fields({ ...common, ...ours }));
  const way: Way = { http, reader, ear: nobody, fieldsOf, judged, goOn };

  return {
    hear(ear) {
      way.ear = ear;
    },
    request: (sending) => new Posting(way, sending, sending.method === "server/discover").send(sending),
    // A client of this era says nothing that is not a request (reference/protocol.md §1.1).
    post: async () => {},
    cancelsBy: "closing",
    close: () => {},
  };
}

/** Credentials that are missing and servers that are broken say nothing of an era, whatever JSON comes with it (reference/protocol.md §2.2). */
async function judged(answer: Answer, { opens }: Posting): Promise<Answer> {
  const { status } = answer;
  if (status !== 401 && status !== 403 && !(opens && status >= 500)) return answer;
  answer.letGo();
  throw refusalOf(answer);
}

async function goOn(_: Posting, failure: unknown): Promise<never> {
  throw failure ?? new Absent("the server's event stream ended without an answer");
}

const common = {
  accept: accepts.post,
  "content-type": "application/json",
  "mcp-protocol-version": modernVersion,
};

/** What is said again with each call of the same tool, or read of the same resource. */
type Said = {
  /** How the parameters begin that say it. */
  start: string;
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
  /** Those of tools, by which they are found without reading the name. */
  const called = new Map<string, Said>();

  function saidIn(method: string, params: string, tool: string | undefined): Said {
    const parameter = mirroredParameter[method];
    const name = parameter === undefined ? undefined : memberFirst(params, parameter);
    const key = `${method} ${name}`;
    const known = kept.get(key);
    if (known !== undefined && known.tool === tool) return known;
    const declared = tool === undefined ? [] : declaredBy(tool);
    const named = name?.startsWith('"') === true ? { "mcp-name": encodeHeader(JSON.parse(name) as string) } : {};
    const record = { "mcp-method": method, ...named };
    const said = { start: `{"${parameter}":${name}`, tool, record, declared, fields: fieldsOf(record) };
    if (key.length > longestKept) return said;
    if (kept.size >= mostSaid) {
      kept.clear();
      called.clear();
    }
    // A server may describe its tool anew without end.
    if (known?.tool !== undefined) called.delete(known.tool);
    kept.set(key, said);
    if (tool !== undefined) called.set(tool, said);
    return said;
  }

  return (sending) => {
    const { method, params: given } = sending;
    const params = typeof given === "string" ? given : given.others;
    const tool = method === "tools/call" ? sending.tool : undefined;
    const last = tool === undefined ? undefined : called.get(tool);
    const { record, declared, fields } =
      last !== undefined && params.startsWith(last.start) ? last : saidIn(method, params, tool);
    if (declared.length === 0) return fields;
    const args = typeof given === "string" ? (memberOf(given, "arguments") ?? "{}") : textOf(given.value);
    return fieldsOf({ ...record, ...headersFor(declared, JSON.parse(args)) });
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
