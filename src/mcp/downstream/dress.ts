import { errorOutcome, measured, type Outcome } from "../answers.ts";
import { metaIn } from "../meta.ts";
import { cacheable, codes, type Era, metaKeys } from "../protocol.ts";
import { type Members, memberOf, memberText, objectOf, rewritten, withMembers } from "../spans.ts";

/**
 * What a server answered, in the words of its client's era (reference/protocol.md §1.4, §1.6, §3.2). `info` is the JSON text of who gives it, which
 * only the modern one says each time.
 */
export function dressed(era: Era, method: string, outcome: Outcome, info: string): Outcome {
  return era === "modern" ? modern(method, outcome, info) : legacy(method, outcome);
}

/** Each result says of what kind it is and who gives it, lists and readings how long they may be kept: for this caller alone. */
function modern(method: string, outcome: Outcome, info: string): Outcome {
  if ("error" in outcome) return modernError(method, outcome);
  const { result, type = "complete", ttlMs = 0 } = outcome;
  const isKept = cacheable.has(method) && type === "complete";
  const read = measured(outcome);
  const { members } = read;
  if (holdsOwnWords(members)) {
    const meta = metaIn(result, members) ?? "{}";
    const caching = isKept ? { ttlMs: `${ttlMs}`, cacheScope: '"private"' } : {};
    const added = { resultType: `"${type}"`, ...caching, _meta: withMembers(meta, { [metaKeys.serverInfo]: info }) };
    return { ...outcome, result: rewritten(read, added).text };
  }
  // A big result is not put together anew only to have something behind it.
  const { open = result.slice(0, -1) } = read;
  const caching = isKept ? `,"ttlMs":${ttlMs},"cacheScope":"private"` : "";
  const said = `"resultType":"${type}"${caching},"_meta":{"${metaKeys.serverInfo}":${info}}}`;
  const behind = members.size === 0 ? said : `,${said}`;
  const text = open + behind;
  return { ...outcome, result: text, pieces: { text, parts: [open, behind] } };
}

/** What a result of the modern era says beside its content. */
const ownWords: readonly string[] = ["resultType", "ttlMs", "cacheScope", "_meta"];

function holdsOwnWords(members: Members): boolean {
  for (let n = 0; n < members.size; n++) if (ownWords.includes(members.key(n))) return true;
  return false;
}

/** What is unknown has one code there, and a resource says which. */
function modernError(method: string, outcome: Extract<Outcome, { error: string }>): Outcome {
  const { code } = JSON.parse(outcome.error) as { code?: unknown };
  if (code === codes.resourceNotFound) return { error: withMembers(outcome.error, { code: `${codes.invalidParams}` }) };
  return code === codes.unknownMethod && method !== "tools/call" ? { ...outcome, status: 404 } : outcome;
}

function legacy(method: string, outcome: Outcome): Outcome {
  if ("error" in outcome) return method === "resources/read" ? legacyReadError(outcome) : outcome;
  if (outcome.type !== undefined)
    return errorOutcome(codes.internal, `The server answered with ${outcome.type}, which this client does not know`);
  return method === "tools/call" ? withObjectContent(outcome) : outcome;
}

function legacyReadError(outcome: Extract<Outcome, { error: string }>): Outcome {
  const { code, data } = JSON.parse(outcome.error) as { code?: unknown; data?: { uri?: unknown } };
  if (code !== codes.invalidParams || data?.uri === undefined) return outcome;
  return { ...outcome, error: withMembers(outcome.error, { code: `${codes.resourceNotFound}` }) };
}

/** Structured content was an object before 2026-07-28; everything else goes under one key, here and in the schema. */
function withObjectContent(outcome: Extract<Outcome, { result: string }>): Outcome {
  const read = measured(outcome);
  const content = memberText(read.text, read.members, "structuredContent");
  if (content === undefined || content.startsWith("{")) return outcome;
  return { result: rewritten(read, { structuredContent: `{"result":${content}}` }).text };
}

/** A tool's description in the words of its client's era. */
export function dressedTool(era: Era, text: string): string {
  // What a tool says of the tasks of 2025-11-25, which this gateway does not carry.
  const plain = text.includes('"execution"') ? withMembers(text, { execution: undefined }) : text;
  if (era === "modern" || !plain.includes('"outputSchema"')) return plain;
  const schema = objectOf(plain, "outputSchema");
  if (schema === undefined || memberOf(schema, "type") === '"object"') return plain;
  // What the schema refers to stands at its root, which it is not any more.
  const inner = schema.includes('"$ref"') ? "{}" : schema;
  const wrapped = `{"type":"object","properties":{"result":${inner}},"required":["result"]}`;
  return withMembers(plain, { outputSchema: wrapped });
}
