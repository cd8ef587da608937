/**
 * Whether a tool declares well which of its arguments are mirrored in headers (reference/protocol.md §1.3); one that does not is shown to nobody.
 * A name is a token, used once, on a string, integer or boolean, that is reached through `properties` alone.
 */
export function declaresHeadersWell(tool: string): boolean {
  // Nearly no tool declares anything: most are told apart without being parsed.
  if (!tool.includes("mcp-header") && !tool.includes("\\u")) return true;
  const seen = new Set<string>();
  return isWell((JSON.parse(tool) as { inputSchema?: unknown }).inputSchema, false, seen);
}

const types: readonly unknown[] = ["string", "integer", "boolean"];
const keyword = "x-mcp-header";
const values = ["default", "const", "enum", "examples", "example"];

/** `isArgument` for what is reached through `properties` alone; undefined where nothing may be declared. */
function isWell(schema: unknown, isArgument: boolean | undefined, seen: Set<string>): boolean {
  if (Array.isArray(schema)) return schema.every((one) => isWell(one, undefined, seen));
  if (typeof schema !== "object" || schema === null) return true;
  return Object.entries(schema).every(([key, value]) => {
    if (values.includes(key)) return true;
    if (key === keyword) return isArgument === true && isName(value, (schema as { type?: unknown }).type, seen);
    if (key !== "properties") return isMap(key) ? eachOf(value, undefined, seen) : isWell(value, undefined, seen);
    return eachOf(value, isArgument === undefined ? undefined : true, seen);
  });
}

const isMap = (key: string) => ["$defs", "definitions", "patternProperties", "dependentSchemas"].includes(key);

const eachOf = (map: unknown, isArgument: boolean | undefined, seen: Set<string>): boolean =>
  typeof map !== "object" || map === null || Object.values(map).every((one) => isWell(one, isArgument, seen));

function isName(header: unknown, type: unknown, seen: Set<string>): boolean {
  if (typeof header !== "string" || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header)) return false;
  const name = header.toLowerCase();
  if (seen.has(name) || !types.includes(type)) return false;
  seen.add(name);
  return true;
}
