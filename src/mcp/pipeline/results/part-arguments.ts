import { eachMember, memberOf, objectOf, withMembers } from "../../spans.ts";
import type { Wanted } from "../cache/cache.ts";

/** The arguments by which a client asks for more of an answer that came in parts: the same tool again, and no server is called. */
const offered = {
  _resultId: '{"type":"string","description":"Of an earlier answer that came in parts: gives more of it"}',
  _section: '{"type":"string","description":"Which section of it"}',
  _page: '{"type":"string","description":"Which page of it, or all"}',
} as const;
export const partNames: readonly string[] = Object.keys(offered);

/**
 * A tool's definition with these arguments in its schema; as it is when the tool has one of that name itself. What it says of its structured content
 * is left out: an index and a part have none, and clients refuse a result without what was announced.
 */
export function withPartArguments(tool: string): string {
  const schema = objectOf(tool, "inputSchema");
  if (schema === undefined) return tool;
  const properties = objectOf(schema, "properties") ?? "{}";
  if (eachMember(properties).some(({ key }) => partNames.includes(key))) return tool;
  const inputSchema = withMembers(schema, { properties: withMembers(properties, offered) });
  return withMembers(tool, { inputSchema, outputSchema: undefined });
}

/** Whether more of an answer can be asked for by this tool. One that has an argument of such a name itself means something else by it. */
export const takesPartArguments = (tool: string): boolean => withPartArguments(tool) !== tool;

/** What a call asks for of an earlier answer; undefined when it is an ordinary call. `tool` is its definition as the server wrote it. */
export function wantedIn(argumentsText: string, tool = "{}"): { id: string; wanted: Wanted } | undefined {
  if (!argumentsText.includes("_resultId") || !takesPartArguments(tool)) return undefined;
  const { _resultId: id, _section: section, _page: page } = JSON.parse(argumentsText) as Record<string, unknown>;
  if (typeof id !== "string" || id === "") return undefined;
  return {
    id,
    wanted: {
      ...(isWord(section) ? { section: wordOf(section) } : {}),
      ...(isWord(page) ? { page: wordOf(page) } : {}),
    },
  };
}

const isWord = (value: unknown): boolean =>
  (typeof value === "string" && value !== "") ||
  typeof value === "number" ||
  (Array.isArray(value) && value.length > 0 && value.every(isWord));
/** Several are separated by commas; models write a list as well. */
const wordOf = (value: unknown): string => (Array.isArray(value) ? value.map(wordOf).join(",") : String(value));

/** Without these arguments, which no server knows: a model may fill them in with nothing. */
export function withoutPartArguments(paramsText: string): string {
  const given = memberOf(paramsText, "arguments");
  if (given === undefined || !partNames.some((name) => given.includes(name))) return paramsText;
  return withMembers(paramsText, {
    arguments: withMembers(given, Object.fromEntries(partNames.map((name) => [name, undefined]))),
  });
}
