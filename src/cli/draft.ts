import { isObject } from "../lib/object.ts";
import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import { parseDocuments, toYaml } from "../lib/yaml.ts";
import { type AnyKind, addedFields, aKind, type Resource } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import { type Manifest, parseManifest } from "../resources/parse.ts";

/** A resource as text to edit: what `get -o yaml` prints. */
export const draftOf = (kind: AnyKind, item: Resource): string => toYaml({ kind: kind.kind, ...item }).trim();

/** The text under comments that say what to do, or what was wrong with it. */
export function withNotes(notes: readonly string[], text: string): string {
  const lines = notes.flatMap((note) => note.split("\n")).map((line) => `# ${printable(line)}`.trimEnd());
  return `${lines.join("\n")}\n\n${text}\n`;
}

/** The text alone: what stands above it is ours, and is written anew each time. */
export const withoutNotes = (text: string): string => text.replace(/^(?:[^\S\n]*(?:#[^\n]*)?(?:\n|$))+/, "").trim();

export function instructions(kind: AnyKind, { name, version }: Resource): string[] {
  const ignored = [...addedFields, ...(kind.readOnly ?? [])].join(", ");
  const hidden = kind.writeOnly ?? [];
  return [
    `${kind.kind} "${name}", version ${version}. Save and close to change it; an empty file changes nothing.`,
    `Lines that begin with # are ignored, and so are ${ignored}.`,
    ...(hidden.length === 0
      ? []
      : [`Never shown: ${hidden.join(", ")}. Left out, what is there stays; what you write takes its place.`]),
  ];
}

/**
 * What the edited text asks for; undefined when that is nothing.
 * @throws Problem `invalid`
 */
export function changeIn(kind: AnyKind, item: Resource, text: string): Manifest | undefined {
  const [only, second] = parseDocuments(text, "the edited text").map(({ value }) => value);
  if (second !== undefined) throw new Problem("invalid", "one document is expected, and there are several");
  if (only === undefined || Bun.deepEquals(only, parseDocuments(draftOf(kind, item), "")[0]?.value, true))
    return undefined;
  if (!isObject(only)) throw new Problem("invalid", "a mapping of fields is expected");
  if (only["kind"] !== undefined && findKind(String(only["kind"])) !== kind)
    throw new Problem("invalid", `${aKind(kind)} stays ${aKind(kind)}`, { fields: [wrong("kind", kind.kind)] });
  if (only["name"] !== item.name)
    throw new Problem("invalid", `${aKind(kind)} is not renamed; create one of the new name`, {
      fields: [wrong("name", item.name)],
      hint: `mcpctl get ${kind.kind} ${item.name} -o yaml > FILE, change the name there, then mcpctl apply -f FILE`,
    });
  if (kind.scopes !== undefined && (only["project"] ?? undefined) !== item["project"])
    throw new Problem("invalid", `${aKind(kind)} stays where it is; create one in the other project`, {
      fields: [wrong("project", String(item["project"] ?? "left out"))],
      hint: `mcpctl get ${kind.kind} ${item.name} -o yaml > FILE, change the project there, then mcpctl apply -f FILE`,
    });
  return parseManifest(kind, only);
}

const wrong = (field: string, must: string) => ({ path: `/${field}`, message: `must stay ${must}` });

/** What to type for what is made once and then only ended. */
export const instead: Record<string, string> = {
  mcptoken: "mcpctl token rotate NAME -p PROJECT, or mcpctl token revoke and mcpctl token create",
  session: "mcpctl delete session ID ends it, mcpctl login and mcpctl auth session make one",
  toolchange: "mcpctl approve toolchange NAME, or mcpctl reject toolchange NAME",
  promptrequest: "mcpctl approve promptrequest NAME -p PROJECT, then mcpctl edit prompt NAME -p PROJECT",
  instance: "mcpctl edit server NAME changes what it runs, mcpctl delete instance NAME replaces it",
};
