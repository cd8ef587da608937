import { errorOutcome, type Outcome } from "../answers.ts";
import {
  codes,
  type Era,
  legacyVersions,
  metaKeys,
  mirroredParameter,
  modernVersion,
  supportedVersions,
} from "../protocol.ts";
import { isBounded, type Member, membersOf, memberText } from "../spans.ts";

/** One JSON-RPC message as it came in: parsed for judging, and as text for forwarding. */
export type Inbound = {
  era: Era;
  /** The id as it was written; undefined in a notification. */
  id: string | undefined;
  /** Undefined in a client's response to a request of ours. */
  method: string | undefined;
  params: Record<string, unknown>;
  /** The text of `params`, or `{}`. */
  paramsText: string;
  /** In a client's response: what it answered. */
  answer: Outcome | undefined;
};

export type Judged = { inbound: Inbound } | { refusal: Outcome; id: string | undefined };

/**
 * Reads one POSTed body and says which era it belongs to: body first, header second (reference/protocol.md §2.1). Whatever two readers could
 * understand differently (duplicate keys, keys that differ in case) is refused, so that what is judged is what is forwarded.
 */
export function judge(text: string, headers: Headers): Judged {
  if (!isBounded(text))
    return refuse(codes.invalidRequest, "The message is nested too deeply or has too many elements", 400);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return refuse(codes.parse, "The body is not JSON", 400);
  }
  if (Array.isArray(body))
    return refuse(codes.invalidRequest, "Batches are not supported: send one message a request", 400);
  if (!isObject(body)) return refuse(codes.invalidRequest, "The body is not a JSON-RPC message", 400);
  return judgeMessage(text, body, headers);
}

const envelopeKeys = ["jsonrpc", "id", "method", "params", "result", "error"];
const paramKeys = ["name", "arguments", "uri", "cursor", "ref", "argument", "_meta", "inputResponses", "requestState"];

function judgeMessage(text: string, body: Record<string, unknown>, headers: Headers): Judged {
  const members = membersOf(text);
  const id = memberText(text, members, "id");
  const { jsonrpc, method, params = {} } = body;
  const idOk = id === undefined || typeof body["id"] === "string" || Number.isInteger(body["id"]);
  const shapeOk =
    jsonrpc === "2.0" &&
    idOk &&
    isObject(params) &&
    (typeof method === "string" || "result" in body || "error" in body);
  if (!shapeOk || ambiguous(members, envelopeKeys)) {
    return refuse(codes.invalidRequest, "The body is not a JSON-RPC 2.0 message", 400, idOk ? id : undefined);
  }
  const paramsText = memberText(text, members, "params") ?? "{}";
  const paramMembers = membersOf(paramsText);
  const metaText = memberText(paramsText, paramMembers, "_meta");
  const metaAmbiguous = metaText?.startsWith("{") === true && ambiguous(membersOf(metaText), Object.values(metaKeys));
  if (ambiguous(paramMembers, paramKeys) || metaAmbiguous) {
    return refuse(codes.invalidRequest, "The parameters hold a key twice, or spelt in another case", 400, id);
  }
  const isResponse = typeof method !== "string";
  const answer = isResponse ? answerIn(text, members) : undefined;
  const inbound = { id, method: isResponse ? undefined : method, params, paramsText, answer };
  const meta = isObject(params["_meta"]) ? params["_meta"] : {};
  const claimed = metaKeys.protocolVersion in meta || metaKeys.clientCapabilities in meta;
  return claimed ? judgeModern(inbound, meta, headers) : judgeLegacy(inbound, headers);
}

function answerIn(text: string, members: readonly Member[]): Outcome {
  const error = memberText(text, members, "error");
  return error === undefined ? { result: memberText(text, members, "result") ?? "{}" } : { error };
}

function judgeModern(inbound: Omit<Inbound, "era">, meta: Record<string, unknown>, headers: Headers): Judged {
  const { id, method } = inbound;
  if (id === undefined || method === undefined) return { inbound: { ...inbound, era: "modern" } };
  const version = meta[metaKeys.protocolVersion];
  if (typeof version !== "string")
    return refuse(codes.invalidParams, `_meta lacks ${metaKeys.protocolVersion}`, 400, id);
  if (!isObject(meta[metaKeys.clientCapabilities])) {
    return refuse(codes.invalidParams, `_meta lacks ${metaKeys.clientCapabilities}`, 400, id);
  }
  const header = headers.get("mcp-protocol-version")?.trim();
  if (header !== undefined && header !== version)
    return mismatch("MCP-Protocol-Version", "does not match the body", id);
  if (version !== modernVersion) {
    const data = { supported: supportedVersions, requested: version };
    return { refusal: errorOutcome(codes.unsupportedVersion, "Unsupported protocol version", data, 400), id };
  }
  if (header === undefined) return mismatch("MCP-Protocol-Version", "is missing", id);
  if (headers.get("mcp-method")?.trim() !== method)
    return mismatch("Mcp-Method", "is missing or does not match the body", id);
  const parameter = mirroredParameter[method];
  const value = parameter === undefined ? undefined : inbound.params[parameter];
  if (typeof value === "string" && decoded(headers.get("mcp-name")) !== value) {
    return mismatch("Mcp-Name", "is missing or does not match the body", id);
  }
  return { inbound: { ...inbound, era: "modern" } };
}

function judgeLegacy(inbound: Omit<Inbound, "era">, headers: Headers): Judged {
  const { id, method } = inbound;
  const version = headers.get("mcp-protocol-version")?.trim();
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
  return { inbound: { ...inbound, era: "legacy" } };
}

/** A key twice, or one that a reader blind to case would take for a key we judge by (CVE-2026-27896). */
function ambiguous(members: readonly Member[], judgedBy: readonly string[]): boolean {
  const seen = new Set<string>();
  for (const { key } of members) {
    const folded = key.normalize("NFKC").toLowerCase();
    if (seen.has(key) || (judgedBy.some((k) => k.toLowerCase() === folded) && !judgedBy.includes(key))) return true;
    seen.add(key);
  }
  return false;
}

/** A mirrored value; what ASCII cannot hold comes as `=?base64?…?=`. Undefined when it is missing or malformed. */
function decoded(header: string | null): string | undefined {
  const value = header?.trim();
  if (value === undefined || !value.startsWith("=?base64?") || !value.endsWith("?=")) return value;
  const body = value.slice(9, -2);
  if (body.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(body)) return undefined;
  return Buffer.from(body, "base64").toString();
}

const refuse = (code: number, text: string, status: number, id?: string): Judged => ({
  refusal: errorOutcome(code, text, undefined, status),
  id,
});
const mismatch = (header: string, what: string, id: string) =>
  refuse(codes.headerMismatch, `${header} ${what}`, 400, id);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
