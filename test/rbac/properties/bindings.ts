import fc from "fast-check";
import { type Attempt, decide, type Layer, type ResourceVerb } from "../../../src/rbac/evaluate.ts";
import { indexGrants } from "../../../src/rbac/grant-index.ts";
import type { Binding, Role } from "../../../src/resources/rbac.ts";
import { allows } from "../model.ts";

/** Few words, so that bindings meet often; every shape that may be written is there. */
const kinds = ["servers", "projects", "mcptokens", "*"];
const names = [undefined, "a", "b"];
export const pool: readonly Binding[] = [
  ...(["view", "create", "edit", "delete", "run"] as Role[]).flatMap((role) =>
    kinds.flatMap((resource) =>
      names.map((name): Binding => (name === undefined ? { role, resource } : { role, resource, name })),
    ),
  ),
  ...[undefined, "*/*", "a/*", "b/*", "a/x", "a/x*", "*/x", "a*/*x", "*/*"].map(
    (name): Binding => ({ role: "run", resource: "tools", ...(name === undefined ? {} : { name }) }),
  ),
  ...["logs", "audit-read", "backup", "*"].map((action): Binding => ({ role: "run", action })),
];

/** Every attempt in a small world, with witnesses that no binding mentions, so that "any" is told from "these". */
const verbs: ResourceVerb[] = ["view", "create", "update", "delete", "run"];
export const universe: readonly Attempt[] = [
  ...verbs.flatMap((verb) =>
    ["servers", "projects", "mcptokens", "fresh"].flatMap((resource): Attempt[] => [
      { verb, resource },
      ...["a", "b", "fresh"].map((name) => ({ verb, resource, name })),
    ]),
  ),
  ...["a/x", "a/xy", "a/fresh", "a/*", "b/x", "b/fresh", "fresh/x", "fresh/fresh", "ax/yx", "a/a/x"].flatMap(
    (call): Attempt[] => [{ call }, ...["a", "b", "fresh"].map((project) => ({ call, project }))],
  ),
  ...["logs", "audit-read", "backup", "fresh"].map((action) => ({ action })),
];

export const binding = fc.constantFrom(...pool);
export const bindings = (most: number) => fc.array(binding, { maxLength: most, size: "max" });

/** One of what is held, most often, or something next to it: the boundary is where the mistakes are. */
export const near = (held: readonly Binding[], choice: number): Binding => {
  const one = held[choice % Math.max(1, held.length)] ?? (pool[choice % pool.length] as Binding);
  const turn = (choice >>> 8) % 6;
  if (turn < 2 || one.action !== undefined) return one;
  const { name, ...any } = one;
  const isTools = one.resource === "tools";
  if (turn === 2) return any;
  if (turn === 3 && !isTools) return { ...any, name: name === "a" ? "b" : "a" };
  if (turn === 4 && one.role !== "run") return { ...one, role: "edit" };
  if (turn === 5 && !isTools) return { ...one, resource: "*" };
  return pool[choice % pool.length] as Binding;
};

export const layer = (...definitions: Binding[][]): Layer => ({
  who: "somebody",
  held: definitions.map((one, index) => ({ grants: indexGrants(one, `d${index}`) })),
});
export const may = (layers: readonly Layer[], attempt: Attempt): boolean => decide(layers, attempt).allowed;
const rows = new Map<string, boolean[]>();
function rowOf(one: Binding): boolean[] {
  const key = `${one.role} ${one.resource} ${one.name} ${one.action}`;
  let row = rows.get(key);
  if (row === undefined) {
    row = universe.map((attempt) => allows(one, attempt));
    rows.set(key, row);
  }
  return row;
}
/** What the plain scan that the index saves says to each attempt of the universe. */
export function naive(held: readonly Binding[]): boolean[] {
  const each = held.map(rowOf);
  return universe.map((_, index) => each.some((row) => row[index]));
}
/** Every third attempt, from one of the first three: each run looks at a third of the world. */
export const third = (phase: number): number[] =>
  universe.map((_, index) => index).filter((index) => index % 3 === phase % 3);
