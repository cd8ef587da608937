import { errorOutcome, type Outcome } from "../answers.ts";
import { cacheable, codes, type Era, metaKeys } from "../protocol.ts";
import { memberOf, membersOf, memberText, objectOf, withMembers } from "../spans.ts";

/** What a server answered, in the words of its client's era (reference/protocol.md §1.4, §1.6, §3.2). */
export function dressed(era: Era, method: string, outcome: Outcome, serverInfo: () => unknown): Outcome {
  return era === "modern" ? modern(method, outcome, serverInfo) : legacy(method, outcome);
}

/** Each result says of what kind it is and who gives it, lists and readings how long they may be kept: for this caller alone. */
function modern(method: string, outcome: Outcome, serverInfo: () => unknown): Outcome {
  if ("error" in outcome) return modernError(method, outcome);
  const { result, type = "complete", ttlMs = 0 } = outcome;
  const caching = cacheable.has(method) && type === "complete" ? { ttlMs: `${ttlMs}`, cacheScope: '"private"' } : {};
  const members = membersOf(result);
  const meta = memberText(result, members, "_meta");
  const stamp = { [metaKeys.serverInfo]: JSON.stringify(serverInfo()) };
  const stamped = withMembers(meta?.startsWith("{") === true ? meta : "{}", stamp);
  const added = { resultType: JSON.stringify(type), ...caching, _meta: stamped };
  if (members.some(({ key }) => Object.hasOwn(added, key))) return { ...outcome, result: withMembers(result, added) };
  // A big result is not put together anew only to have something behind it.
  const behind = withMembers("{}", added).slice(1);
  return { ...outcome, result: `${result.slice(0, -1)}${members.length === 0 ? "" : ","}${behind}` };
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
  return method === "tools/call" ? { result: withObjectContent(outcome.result) } : outcome;
}

function legacyReadError(outcome: Extract<Outcome, { error: string }>): Outcome {
  const { code, data } = JSON.parse(outcome.error) as { code?: unknown; data?: { uri?: unknown } };
  if (code !== codes.invalidParams || data?.uri === undefined) return outcome;
  return { ...outcome, error: withMembers(outcome.error, { code: `${codes.resourceNotFound}` }) };
}

/** Structured content was an object before 2026-07-28; everything else goes under one key, here and in the schema. */
function withObjectContent(result: string): string {
  if (!result.includes('"structuredContent"')) return result;
  const content = memberOf(result, "structuredContent");
  if (content === undefined || content.startsWith("{")) return result;
  return withMembers(result, { structuredContent: `{"result":${content}}` });
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
