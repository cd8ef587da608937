import type { Tool } from "./visit.ts";

type Schema = Record<string, unknown>;

/**
 * How vLLM reads a tool for harmony: a description is demanded, and the schema becomes its own dialect. Where Python would raise, this
 * throws; at its start that is the end of vLLM.
 */
export function forHarmony({ name, description, inputSchema }: Tool) {
  if (typeof description !== "string") throw new Error(`tool ${name} has no description`);
  return { name, description, parameters: trimmed(inputSchema) };
}

/** Titles go, `anyOf` becomes a list of types; only the root and what is under `properties` is looked at, and nothing is resolved. */
function trimmed(schema: unknown): Schema {
  if (typeof schema !== "object" || schema === null) throw new TypeError("a schema that is no object");
  const { title: _, ...kept } = schema as Schema;
  if (kept["default"] === null) delete kept["default"];
  if ("anyOf" in kept) {
    const members = kept["anyOf"] as Schema[];
    kept["type"] = members.map(typeIn).filter((type) => type !== "null");
    delete kept["anyOf"];
  }
  if ("properties" in kept) {
    const entries = Object.entries(kept["properties"] as Schema);
    kept["properties"] = Object.fromEntries(entries.map(([key, value]) => [key, trimmed(value)]));
  }
  return kept;
}

function typeIn(member: Schema): unknown {
  if (typeof member !== "object" || !("type" in member)) throw new Error("a member of anyOf has no type");
  return member["type"];
}
