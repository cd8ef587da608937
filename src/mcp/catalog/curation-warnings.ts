import { patternCovers } from "../../lib/pattern.ts";
import type { Curation } from "../../resources/project.ts";
import { membersOf, memberText, objectOf } from "../spans.ts";
import type { Offer } from "./offer.ts";

/** Who is told of so many has read enough. */
const mostWarnings = 20;

/**
 * What a project says of a server's tools in vain: patterns, tools and arguments that stand in none of these lists, which are those for everybody
 * and those for more able clients. A tool may come later, so it is no error; but a `deny` with a typo denies nothing.
 */
export function curationWarnings(curation: Curation, lists: readonly Pick<Offer, "tools">[]): string[] {
  if (lists.length === 0) return [];
  const tools = new Map<string, string[]>();
  for (const { key, text } of lists.flatMap((list) => list.tools)) tools.set(key, [...(tools.get(key) ?? []), text]);
  const found: string[] = [];
  for (const warning of inVain(curation, tools)) if (found.push(warning) === mostWarnings) break;
  return found.map((warning) => `server "${curation.server}": ${warning}`);
}

function* inVain(curation: Curation, tools: ReadonlyMap<string, readonly string[]>): Generator<string> {
  for (const field of ["allow", "deny"] as const)
    for (const pattern of curation[field] ?? []) {
      const isExact = !pattern.includes("*");
      const isFound = isExact ? tools.has(pattern) : tools.keys().some((tool) => patternCovers(pattern, tool));
      if (!isFound) yield `${field} ${JSON.stringify(pattern)} matches none of its tools`;
    }
  for (const field of ["rename", "describe", "arguments"] as const)
    for (const tool of Object.keys(curation[field] ?? {}))
      if (!tools.has(tool)) yield `${field} ${JSON.stringify(tool)}: it has no such tool`;
  for (const [tool, preset] of Object.entries(curation.arguments ?? {})) {
    const definitions = tools.get(tool) ?? [];
    for (const name of Object.keys(preset))
      if (definitions.length > 0 && !definitions.some((text) => mayTake(text, name)))
        yield `arguments ${JSON.stringify(tool)}: the tool takes no ${JSON.stringify(name)}`;
  }
}

/** With one of these a schema may take what its `properties` do not name. */
const open = ["$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties"];

function mayTake(definition: string, name: string): boolean {
  const schema = objectOf(definition, "inputSchema");
  if (schema === undefined) return true;
  const members = membersOf(schema);
  const properties = memberText(schema, members, "properties");
  const others = memberText(schema, members, "additionalProperties");
  if (members.all().some(({ key }) => open.includes(key)) || (others !== undefined && others !== "false")) return true;
  if (properties?.startsWith("{") !== true) return others === undefined;
  return membersOf(properties).indexOf(name) >= 0;
}
