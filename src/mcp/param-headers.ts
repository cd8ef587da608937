import { isObject } from "../lib/object.ts";

/**
 * Arguments that a modern client mirrors in `Mcp-Param-*` headers, as the tool's schema asks by `x-mcp-header` (reference/protocol.md §1.3).
 * Pure: the same reading serves a call to a server, a call from a client, and the list, from which a tool with a wrong declaration is left out.
 */
export type ParamHeader = { header: string; path: readonly string[] };
export type ParamHeaders = { declared: readonly ParamHeader[] } | { invalid: string };

const keyword = "x-mcp-header";
const prefix = "mcp-param-";
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const types: readonly unknown[] = ["string", "integer", "boolean"];
/** Under these nothing can be mirrored: whether they apply is known only once the arguments are judged. */
const branches = [
  ...["items", "prefixItems", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems"],
  ...["propertyNames", "oneOf", "anyOf", "allOf", "not", "if", "then", "else"],
];
const branchMaps = ["patternProperties", "dependentSchemas", "$defs", "definitions"];

const none: ParamHeaders = { declared: [] };

/** What a tool declares, by its description as JSON text. */
export function paramHeadersOf(tool: string): ParamHeaders {
  // Nearly no tool declares anything: most are told apart without being parsed.
  if (!tool.includes("mcp-header") && !tool.includes("\\u")) return none;
  return paramHeadersIn((JSON.parse(tool) as { inputSchema?: unknown }).inputSchema);
}

export function paramHeadersIn(inputSchema: unknown): ParamHeaders {
  const declared: ParamHeader[] = [];
  const names = new Set<string>();

  /** Answers what is wrong. */
  function walk(schema: unknown, path: readonly string[], isReachable: boolean): string | undefined {
    if (!isObject(schema)) return undefined;
    const fault = Object.hasOwn(schema, keyword) ? declare(schema, path, isReachable) : undefined;
    if (fault !== undefined) return `${path.join(".") || "the schema"}: ${fault}`;
    for (const [name, child] of Object.entries(isObject(schema["properties"]) ? schema["properties"] : {})) {
      const wrong = walk(child, [...path, name], isReachable);
      if (wrong !== undefined) return wrong;
    }
    const children = [
      ...branches.flatMap((branch) => schema[branch]),
      ...branchMaps.flatMap((map) => (isObject(schema[map]) ? Object.values(schema[map]) : [])),
    ];
    for (const child of children) {
      const wrong = walk(child, path, false);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  function declare(schema: Record<string, unknown>, path: readonly string[], isReachable: boolean): string | undefined {
    const header = schema[keyword];
    if (!isReachable || path.length === 0) return `${keyword} is not reached by properties alone`;
    if (typeof header !== "string" || !token.test(header)) return `${keyword} is not the name of a header`;
    if (!types.includes(schema["type"])) return `${keyword} goes only with string, integer, boolean`;
    if (names.has(header.toLowerCase())) return `${keyword} names the same header twice`;
    names.add(header.toLowerCase());
    declared.push({ header, path });
    return undefined;
  }

  const invalid = walk(inputSchema, [], true);
  return invalid === undefined ? { declared } : { invalid };
}

/** The headers that mirror these arguments. */
export function headersFor(declared: readonly ParamHeader[], args: unknown): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { header, path } of declared) {
    const value = mirrored(valueAt(args, path));
    if (value !== undefined) headers[`${prefix}${header.toLowerCase()}`] = encodeHeader(value);
  }
  return headers;
}

/** What of the given headers does not say the same as the arguments; undefined when all do. Headers that nothing declares are ignored. */
export function mismatchIn(declared: readonly ParamHeader[], args: unknown, headers: Headers): string | undefined {
  for (const { header, path } of declared) {
    const given = headers.get(`${prefix}${header}`);
    const value = valueAt(args, path);
    const expected = mirrored(value);
    if (expected === undefined && given === null) continue;
    if (expected === undefined) return `Mcp-Param-${header} mirrors an argument that is not there`;
    if (given === null) return `Mcp-Param-${header} is missing`;
    const decoded = decodeHeader(given);
    if (decoded === undefined) return `Mcp-Param-${header} is not well-formed`;
    const isSame =
      typeof value === "number" ? decimal.test(decoded) && Number(decoded) === value : decoded === expected;
    if (!isSame) return `Mcp-Param-${header} does not match its argument`;
  }
  return undefined;
}

const decimal = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function mirrored(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined;
}

const valueAt = (args: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), args);

const sentinel = /^=\?base64\?(.*)\?=$/s;

/** What a header cannot hold as it is goes as `=?base64?…?=`. */
export const encodeHeader = (value: string): string =>
  /^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$/.test(value) && !sentinel.test(value)
    ? value
    : `=?base64?${Buffer.from(value).toString("base64")}?=`;

/** The value a header stands for; undefined when it stands for none. `Headers` has taken the blanks around it off already. */
export function decodeHeader(header: string): string | undefined {
  const encoded = sentinel.exec(header)?.[1];
  if (encoded === undefined) return /^[\x20-\x7e\t]*$/.test(header) ? header : undefined;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
