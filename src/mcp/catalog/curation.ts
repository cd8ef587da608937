import { patternCovers } from "../../lib/pattern.ts";
import type { Curation } from "../../resources/project.ts";
import { elementsOf, memberOf, membersOf, memberText, withMembers } from "../spans.ts";

/** Whether a project offers a tool, by the name that its server gives it. Deny wins; what is neither is offered unless some are allowed. */
export function isOffered({ allow, deny }: Curation, tool: string): boolean {
  const isIn = (patterns: readonly string[]) => patterns.some((pattern) => patternCovers(pattern, tool));
  return !isIn(deny ?? []) && (allow === undefined || isIn(allow));
}

/** Arguments that every call of a tool has, as JSON text by name. */
export type Preset = Readonly<Record<string, string>>;

export function presetOf({ arguments: all = {} }: Curation, tool: string): Preset | undefined {
  if (!Object.hasOwn(all, tool)) return undefined;
  return Object.fromEntries(Object.entries(all[tool] ?? {}).map(([name, value]) => [name, JSON.stringify(value)]));
}

/** The input schema's text without the arguments that are preset; all else as it was. */
export function withoutPreset(schema: string, preset: Preset): string {
  if (!schema.startsWith("{")) return schema;
  const members = membersOf(schema);
  const properties = memberText(schema, members, "properties");
  const required = memberText(schema, members, "required");
  const gone = Object.fromEntries(Object.keys(preset).map((name) => [name, undefined]));
  return withMembers(schema, {
    ...(properties?.startsWith("{") === true ? { properties: withMembers(properties, gone) } : {}),
    ...(required?.startsWith("[") === true ? { required: without(required, preset) } : {}),
  });
}

/** Undefined when nothing is left. */
function without(required: string, preset: Preset): string | undefined {
  const kept = elementsOf(required)
    .map(({ start, end }) => required.slice(start, end))
    .filter((text) => !text.startsWith('"') || !Object.hasOwn(preset, JSON.parse(text) as string));
  return kept.length === 0 ? undefined : `[${kept.join(",")}]`;
}

/**
 * What changes in a call's parameters: the preset arguments stand behind those of the client, which stay byte for byte. A client that gives one
 * itself is refused, also when it spells it in another case: some servers would read that one.
 */
export function presetIn(
  paramsText: string,
  preset: Preset,
): { changes: Record<string, string> } | { refusal: string } {
  const given = memberOf(paramsText, "arguments") ?? "{}";
  if (!given.startsWith("{")) return { refusal: "The arguments of a tool are an object" };
  const fixed = new Map(Object.keys(preset).map((name) => [folded(name), name]));
  const members = membersOf(given);
  for (const { key } of members.all()) {
    const name = fixed.get(folded(key));
    if (name !== undefined)
      return { refusal: `The argument ${JSON.stringify(name)} is preset by this project; leave it out` };
  }
  const added = Object.entries(preset).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  return { changes: { arguments: `${given.slice(0, -1)}${members.size === 0 ? "" : ","}${added.join(",")}}` } };
}

const folded = (name: string): string => name.normalize("NFKC").toUpperCase().toLowerCase();
