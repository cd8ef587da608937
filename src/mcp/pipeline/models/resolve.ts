import { createHash } from "../../../lib/crypto.ts";
import { type HookName, type Hooks, hookNames, type Plugin } from "../plugin.ts";
import type { Model, Pipeline, Source } from "./model.ts";

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
type Inherited = { hooks: Owned; pipeline: { of: string; is: Pipeline } | undefined; version: string; depth: number };
/** `of` is whose fault it is at first: a long line of children tells that, and not each other's words. */
type Faulty = { fault: string; of: string };

const deepest = 32;

/**
 * Pure: each definition with the hooks of its parents, or why it has none. A child's hook wins; the same hook of two parents is a fault, unless both
 * have it from the same one.
 */
export function resolveModels(definitions: readonly Definition[]): Map<string, Model> {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const known = new Map<string, Inherited | Faulty>();
  /** Those whose parents are being looked at, the child first. */
  const path = new Set<string>();

  function inherited(definition: Definition): Inherited | Faulty {
    const { name, fault } = definition;
    const ready = known.get(name);
    if (ready !== undefined) return ready;
    if (path.has(name)) {
      const line = [...path, name];
      const circle = line.slice(line.indexOf(name)).join(" → ");
      return { fault: `its parents go round in a circle: ${circle}`, of: name };
    }
    path.add(name);
    const found = fault === undefined ? merged(definition) : { fault, of: name };
    path.delete(name);
    known.set(name, found);
    return found;
  }

  function merged(definition: Definition): Inherited | Faulty {
    const { name } = definition;
    const all: Inherited[] = [];
    for (const parent of parentsOf(definition)) {
      const written = byName.get(parent);
      if (written === undefined) return { fault: `it extends "${parent}", which there is not`, of: name };
      const from = inherited(written);
      if ("fault" in from) return from;
      all.push(from);
    }
    const depth = 1 + Math.max(0, ...all.map((parent) => parent.depth));
    if (depth > deepest) return { fault: `its parents' parents go deeper than ${deepest}`, of: name };
    return join(definition, all, depth);
  }

  return new Map(definitions.map((definition) => [definition.name, present(definition, inherited(definition))]));
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
  depth: number,
): Inherited | Faulty {
  const hooks: Owned = {};
  for (const hook of hookNames) {
    const mine = own[hook] === undefined ? [] : [{ of: name, hook: own[hook] }];
    const theirs = distinct(parents.flatMap((parent) => (parent.hooks[hook] ?? []) as { of: string }[]));
    const isSequence = inSequence.includes(hook);
    if (mine.length === 0 && theirs.length > 1 && !isSequence) return { fault: conflict(hook, theirs), of: name };
    const winners = isSequence ? [...theirs, ...mine] : mine.length > 0 ? mine : theirs;
    if (winners.length > 0) Object.assign(hooks, { [hook]: winners });
  }
  const theirs = distinct(parents.flatMap((parent) => parent.pipeline ?? []));
  if (pipeline === undefined && theirs.length > 1) return { fault: conflict("stages", theirs), of: name };
  return {
    hooks,
    pipeline: pipeline === undefined ? theirs[0] : { of: name, is: pipeline },
    // A digest: of a lattice of parents, all ways to all of them would be more than there is room for.
    version: digest([name, version, ...parents.map((parent) => parent.version)]),
    depth,
  };
}

const distinct = <T extends { of: string }>(all: readonly T[]): T[] => [
  ...new Map(all.map((one) => [one.of, one])).values(),
];

const conflict = (what: string, theirs: readonly { of: string }[]) =>
  `${theirs.map(({ of }) => `"${of}"`).join(" and ")} both have ${what}: it needs its own`;

const digest = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);

function present(definition: Definition, found: Inherited | Faulty): Model {
  const { name, type, source, description, extends: parents } = definition;
  const common = { name, type, source, description, parents, written: definition.pipeline };
  if ("fault" in found) {
    const fault = found.of === name ? found.fault : `its parent "${found.of}": ${found.fault}`;
    return { ...common, hooks: {}, origin: {}, pipeline: undefined, fault, version: definition.version };
  }
  const entries = Object.entries(found.hooks) as [HookName, { of: string; hook: (...args: never[]) => unknown }[]][];
  return {
    ...common,
    hooks: Object.fromEntries(
      entries.map(([hook, all]) => [hook, all.length === 1 ? all[0]?.hook : oneByOne(all.map((one) => one.hook))]),
    ),
    origin: Object.fromEntries(entries.map(([hook, all]) => [hook, all.map(({ of }) => of).join(", ")])),
    pipeline: found.pipeline?.is,
    fault: definition.note,
    version: found.version,
  };
}

const oneByOne =
  (hooks: readonly ((...args: never[]) => unknown)[]) =>
  async (...args: never[]): Promise<void> => {
    for (const hook of hooks) await hook(...args);
  };
