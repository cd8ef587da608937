import { isObject } from "../../lib/object.ts";
import type { Piece } from "../../lib/pieces.ts";
import { shareOfTurn } from "../../lib/share.ts";
import { type ProjectLimits, projectLimitsOf, setByProject } from "../../resources/limits.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { digits, type Excess, keysIn, type Outline, Outlining, outlineOf } from "../outline.ts";
import { decodeHeader } from "../param-headers.ts";
import {
  codes,
  type Era,
  legacyVersions,
  metaKeys,
  mirroredParameter,
  modernVersion,
  supportedVersions,
} from "../protocol.ts";
import { type Members, membersOf, memberText, unbroken } from "../spans.ts";

/** One JSON-RPC message as it came in: parsed for judging, and as text for forwarding. */
export type Inbound = {
  era: Era;
  /** The id as it was written; undefined in a notification. */
  id: string | undefined;
  /** Undefined in a client's response to a request of ours. */
  method: string | undefined;
  params: Record<string, unknown>;
  /** The text of `params`, or `{}`. */
  readonly paramsText: string;
  /** The same where arguments do not matter: strings in them are empty when the message is long. */
  brief: string;
  /** Where its members stand in that. */
  members: Members;
  /** The arguments of a message that is long. */
  long: readonly Piece[] | undefined;
  /** Of `params` in bytes, where it is known without asking their text. */
  size: number | undefined;
  /** `_meta` of the parameters, or `{}`. */
  meta: Record<string, unknown>;
  /** In a client's response: what it answered. */
  answer: Outcome | undefined;
  /** Made by a proxy model for the client, so that no header mirrors its arguments: in how many calls of such it stands. */
  within?: number;
};

const nothing: Record<string, unknown> = Object.freeze({});

/** An id goes back with the answer, and with each message of a stream. */
const longestId = 1_024;

/** `at` is where the parameters begin, `isBeyond` there when it was for a bound of the project's. */
export type Judged =
  | { inbound: Inbound; at: number }
  | { refusal: Outcome; id: string | undefined; isBeyond?: boolean };

/** Of the elements, those that may bear a key. */
const mostKeys = ({ elements }: ProjectLimits) => Math.ceil(elements / 5);

function excessWords(excess: Excess, limits: ProjectLimits): string {
  if (excess === "digits") return `The message has a number of over ${digits} digits`;
  if (excess === "depth") return `The message is nested over ${limits.depth} deep; ${setByProject("depth")}`;
  const most = `over ${limits.elements} values, or over ${mostKeys(limits)} with a key`;
  return `The message has ${most}; ${setByProject("elements")}`;
}

/**
 * Reads one POSTed body and says which era it belongs to: body first, header second (reference/protocol.md §2.1). Whatever two readers could
 * understand differently (a key twice, a key we judge by in another spelling) is refused, so that what is judged is what is forwarded.
 */
export function judge(text: string, headers: Headers, limits: ProjectLimits = projectLimitsOf({})): Judged {
  return judged(text, outlineOf(text, limits, mostKeys(limits), "params"), headers, limits);
}

/** Characters after which others have their turn, if it took long. */
const bite = 64 * 1024;

/** The same for a long text. */
export async function judgeInTurns(text: string, headers: Headers, limits: ProjectLimits): Promise<Judged> {
  const outlining = new Outlining(text, limits, mostKeys(limits), "params");
  const spent = shareOfTurn();
  while (!outlining.go(bite)) await spent();
  return judged(text, outlining.outcome, headers, limits);
}

function judged(text: string, outline: Outline | Excess, headers: Headers, limits: ProjectLimits): Judged {
  if (typeof outline === "string")
    return { ...refuse(codes.invalidRequest, excessWords(outline, limits), 400), isBeyond: true };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse(codes.parse, "The body is not JSON", 400);
  }
  if (Array.isArray(body))
    return refuse(codes.invalidRequest, "Batches are not supported: send one message a request", 400);
  if (!isObject(body)) return refuse(codes.invalidRequest, "The body is not a JSON-RPC message", 400);
  // Of a key that is written twice the parser keeps one.
  if (keysIn(body) !== outline.keys) return refuse(codes.invalidRequest, "The message holds a key twice", 400);
  return judgeMessage(unbroken(text), outline, body, headers);
}

function judgeMessage(text: string, outline: Outline, body: Record<string, unknown>, headers: Headers): Judged {
  const { members } = outline;
  const id = memberText(text, members, "id");
  const { jsonrpc, method, params = {} } = body;
  const idOk =
    id === undefined || (id.length <= longestId && (typeof body["id"] === "string" || Number.isInteger(body["id"])));
  const isOne = method === undefined ? id !== undefined && isAnswer(body) : isRequest(body);
  const told = idOk ? id : undefined;
  if (misspells(body, envelopeWords))
    return invalid("The message holds a key in another spelling than JSON-RPC's", told);
  if (jsonrpc !== "2.0" || !isOne) return invalid("The body is not a JSON-RPC 2.0 message", told);
  if (!idOk) return invalid("The id is neither a string nor an integer", told);
  if (!isObject(params)) return invalid("params is not an object", told);
  const { _meta, ref } = params;
  const meta = _meta ?? nothing;
  if (misspells(params, paramWords) || misspells(meta, metaWords) || misspells(ref, refWords)) {
    return refuse(codes.invalidRequest, "The parameters hold a key in another spelling than MCP's", 400, id);
  }
  if (!isObject(meta)) return refuse(codes.invalidParams, "_meta is not an object", 400, id);
  const place = members.indexOf("params");
  const paramsText = memberText(text, members, "params") ?? "{}";
  const isResponse = typeof method !== "string";
  const claimed = metaKeys.protocolVersion in meta || metaKeys.clientCapabilities in meta;
  const inbound: Inbound = {
    era: claimed ? "modern" : "legacy",
    id,
    method: isResponse ? undefined : method,
    params,
    paramsText,
    brief: paramsText,
    long: undefined,
    size: undefined,
    members: outline.inner ?? membersOf(paramsText),
    meta,
    answer: isResponse ? answerIn(text, members) : undefined,
  };
  return (
    (claimed ? modernFault(inbound, headers) : legacyFault(inbound, headers)) ?? {
      inbound,
      at: place < 0 ? 0 : members.start(place),
    }
  );
}

function answerIn(text: string, members: Members): Outcome {
  const error = memberText(text, members, "error");
  return error === undefined ? { result: memberText(text, members, "result") ?? "{}" } : { error };
}

function modernFault(inbound: Inbound, headers: Headers): Judged | undefined {
  const { id, method, meta } = inbound;
  if (id === undefined || method === undefined) return undefined;
  const version = meta[metaKeys.protocolVersion];
  if (typeof version !== "string")
    return refuse(codes.invalidParams, `_meta lacks ${metaKeys.protocolVersion}`, 400, id);
  if (!isObject(meta[metaKeys.clientCapabilities])) {
    return refuse(codes.invalidParams, `_meta lacks ${metaKeys.clientCapabilities}`, 400, id);
  }
  const header = headers.get("mcp-protocol-version") ?? undefined;
  if (header !== undefined && header !== version)
    return mismatch("MCP-Protocol-Version", "does not match the body", id);
  if (version !== modernVersion) {
    const data = { supported: supportedVersions, requested: version };
    return { refusal: errorOutcome(codes.unsupportedVersion, "Unsupported protocol version", data, 400), id };
  }
  if (header === undefined) return mismatch("MCP-Protocol-Version", "is missing", id);
  if (headers.get("mcp-method") !== method) return mismatch("Mcp-Method", "is missing or does not match the body", id);
  const parameter = Object.hasOwn(mirroredParameter, method) ? mirroredParameter[method] : undefined;
  if (parameter !== undefined && nameIn(headers) !== inbound.params[parameter])
    return mismatch("Mcp-Name", "is missing or does not match the body", id);
  return undefined;
}

function legacyFault(inbound: Inbound, headers: Headers): Judged | undefined {
  const { id, method } = inbound;
  const version = headers.get("mcp-protocol-version") ?? undefined;
  if (version === modernVersion && id !== undefined) {
    if (method === "initialize") return mismatch("MCP-Protocol-Version", "names a revision that has no initialize", id);
    return refuse(codes.invalidParams, `_meta lacks ${metaKeys.protocolVersion}`, 400, id);
  }
  const known =
    version === undefined || version === modernVersion || (legacyVersions as readonly string[]).includes(version);
  if (!known && method !== "initialize") {
    const data = { supported: supportedVersions };
    return { refusal: errorOutcome(codes.invalidRequest, "Unsupported MCP-Protocol-Version", data, 400), id };
  }
  return undefined;
}

const isRequest = (body: Record<string, unknown>): boolean =>
  typeof body["method"] === "string" && !("result" in body) && !("error" in body);
const isAnswer = (body: Record<string, unknown>): boolean =>
  "result" in body ? !("error" in body) : isObject(body["error"]);

/** The keys that we judge by, as MCP writes them and folded. */
type Words = { exact: ReadonlySet<string>; folded: ReadonlySet<string> };
const words = (...keys: string[]): Words => ({ exact: new Set(keys), folded: new Set(keys.map(fold)) });

/** Whether a key would be taken for one that we judge by, by a reader less strict than we are (CVE-2026-27896, GO-2026-4770). */
function misspells(value: unknown, { exact, folded }: Words): boolean {
  if (!isObject(value)) return false;
  for (const key in value)
    if (!exact.has(key) && (key === "__proto__" || key.includes("\0") || folded.has(fold(key)))) return true;
  return false;
}

/** Case, compatible look-alikes (a long s, a Kelvin sign, a dotless i), separators, blanks: somebody's reader is blind to each of them. */
function fold(key: string): string {
  if (/^[\x21-\x7e]*$/.test(key)) return key.toLowerCase().replace(/[_-]/g, "");
  // What is longer is none of ours, and decomposing four million characters takes long.
  if (key.length > 256) return key;
  const capital = key.normalize("NFKD").toUpperCase();
  return capital.toLowerCase().replace(/[\p{C}\p{M}\p{Z}_-]/gu, "");
}

const envelopeWords = words("jsonrpc", "id", "method", "params", "result", "error");
const paramWords = words(
  ...["name", "arguments", "uri", "cursor", "ref", "argument", "context", "level", "_meta"],
  ...["inputResponses", "requestState", "task", "taskId", "notifications", "requestId", "progressToken"],
  ...["protocolVersion", "capabilities", "clientInfo"],
);
const refWords = words("type", "name", "uri");
const metaWords = words(...Object.values(metaKeys), "progressToken");

/** What `Mcp-Name` stands for; undefined when it is missing or malformed. */
function nameIn(headers: Headers): string | undefined {
  const header = headers.get("mcp-name");
  return header === null ? undefined : decodeHeader(header);
}

const refuse = (code: number, text: string, status: number, id?: string) => ({
  refusal: errorOutcome(code, text, undefined, status),
  id,
});
const invalid = (what: string, id: string | undefined) => refuse(codes.invalidRequest, what, 400, id);
const mismatch = (header: string, what: string, id: string) =>
  refuse(codes.headerMismatch, `${header} ${what}`, 400, id);
