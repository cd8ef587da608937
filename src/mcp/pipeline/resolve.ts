import type { Model, Pipeline, Source } from "./model.ts";
import { type HookName, type Hooks, hookNames, type Plugin } from "./plugin.ts";

/** A proxy model as somebody wrote it: a plugin's code, or stages. */
export type Definition = Plugin & {
  type: Model["type"];
  source: Source;
  pipeline: Pipeline | undefined;
  /** Of its own code or config. */
  version: string;
  /** Why it could not be read at all. */
  fault?: string;
  /** What is to be known though it can be used: what it was before its file was damaged, or without a stage that was left out. */
  note?: string;
};

/** What runs in the order of the parents, and the child's own last; any other hook has one owner. */
const inSequence: readonly HookName[] = ["onSessionCreate", "onSessionDestroy"];

type Owned = { [name in HookName]?: { of: string; hook: NonNullable<Partial<Hooks>[name]> }[] };
type Inherited = { hooks: Owned; pipeline: { of: string; is: Pipeline } | undefined; versions: string[] };

/**
 * Pure: each definition with the hooks of its parents, or why it has none. A child's hook wins; the same hook of two parents is a fault, unless both
 * have it from the same one.
 */
export function resolveModels(definitions: readonly Definition[]): Map<string, Model> {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const known = new Map<string, Inherited | { fault: string }>();

  function inherited(definition: Definition, path: readonly string[]): Inherited | { fault: string } {
    const { name } = definition;
    const ready = known.get(name);
    if (ready !== undefined) return ready;
    if (path.includes(name)) return { fault: `its parents go round in a circle: ${[...path, name].join(" → ")}` };
    const found = definition.fault === undefined ? merged(definition, [...path, name]) : { fault: definition.fault };
    known.set(name, found);
    return found;
  }

  function merged(definition: Definition, path: readonly string[]): Inherited | { fault: string } {
    const all: Inherited[] = [];
    for (const parent of parentsOf(definition)) {
      const written = byName.get(parent);
      if (written === undefined) return { fault: `it extends "${parent}", which there is not` };
      const from = inherited(written, path);
      if ("fault" in from)
        return {
          fault: from.fault.startsWith("its parents go") ? from.fault : `its parent "${parent}": ${from.fault}`,
        };
      all.push(from);
    }
    return join(definition, all);
  }

  return new Map(definitions.map((definition) => [definition.name, present(definition, inherited(definition, []))]));
}

/** Stages are run by hooks that are `content-pipeline`'s. */
const parentsOf = ({ name, type, extends: parents }: Definition): readonly string[] =>
  type === "pipeline" && name !== contentPipeline && !parents.includes(contentPipeline)
    ? [...parents, contentPipeline]
    : parents;
const contentPipeline = "content-pipeline";

function join(
  { name, hooks: own, pipeline, version }: Definition,
  parents: readonly Inherited[],
): Inherited | { fault: string } {
  const hooks: Owned = {};
  for (const hook of hookNames) {
    const mine = own[hook] === undefined ? [] : [{ of: name, hook: own[hook] }];
    const theirs = distinct(parents.flatMap((parent) => (parent.hooks[hook] ?? []) as { of: string }[]));
    const isSequence = inSequence.includes(hook);
    if (mine.length === 0 && theirs.length > 1 && !isSequence) return { fault: conflict(hook, theirs) };
    const winners = isSequence ? [...theirs, ...mine] : mine.length > 0 ? mine : theirs;
    if (winners.length > 0) Object.assign(hooks, { [hook]: winners });
  }
  const theirs = distinct(parents.flatMap((parent) => parent.pipeline ?? []));
  if (pipeline === undefined && theirs.length > 1) return { fault: conflict("stages", theirs) };
  return {
    hooks,
    pipeline: pipeline === undefined ? theirs[0] : { of: name, is: pipeline },
    versions: [...parents.flatMap(({ versions }) => versions), `${name}@${version}`],
  };
}

const distinct = <T extends { of: string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((one) => [one.of, one])).values(),
];

const conflict = (what: string, theirs: readonly { of: string }[]) =>
  `${theirs.map(({ of }) => `"${of}"`).join(" and ")} both have ${what}: it needs its own`;

function present(definition: Definition, found: Inherited | { fault: string }): Model {
  const { name, type, source, description, extends: parents } = definition;
  const common = { name, type, source, description, parents };
  if ("fault" in found)
    return { ...common, hooks: {}, origin: {}, pipeline: undefined, fault: found.fault, version: definition.version };
  const entries = Object.entries(found.hooks) as [HookName, { of: string; hook: (...args: never[]) => unknown }[]][];
  return {
    ...common,
    hooks: Object.fromEntries(
      entries.map(([hook, all]) => [hook, all.length === 1 ? all[0]?.hook : oneByOne(all.map((one) => one.hook))]),
    ),
    origin: Object.fromEntries(entries.map(([hook, all]) => [hook, all.map(({ of }) => of).join(", ")])),
    pipeline: found.pipeline?.is,
    fault: definition.note,
    version: found.versions.join(" "),
  };
}

const oneByOne =
  (hooks: readonly ((...args: never[]) => unknown)[]) =>
  async (...args: never[]): Promise<void> => {
    for (const hook of hooks) await hook(...args);
  };
