import type { Log } from "../../../lib/log.ts";
import type { FieldError } from "../../../lib/problem.ts";
import type { ProxyModelFields } from "../../../resources/proxy-model.ts";
import type { FileFault, Local } from "../local/local.ts";
import { definePlugin, type Plugin } from "../plugin.ts";
import { contentPipeline } from "../plugins/content-pipeline.ts";
import { contentTypes, type StageType } from "../stage.ts";
import type { Model, Models, Pipeline } from "./model.ts";
import { type Definition, resolveModels } from "./resolve.ts";
import { type Check, definitionOf, type Written } from "./written.ts";

/** What `content-pipeline` does, and so `default`. */
const usualStages = ["section-split", "summarize-tree", "paginate"];

const pipelines: readonly { name: string; description: string; stages: readonly string[] }[] = [
  {
    name: "subindex",
    description: "Sections, and an index of their summaries",
    stages: ["section-split", "summarize-tree"],
  },
  { name: "pages", description: "Pages, and an index of them", stages: ["paginate"] },
];

export type ModelRegistry = Models & {
  /** Those of the table, after each change. */
  setApplied: (applied: readonly (Written | Definition)[]) => void;
  /** What is wrong with one of them once these rows are the table; for what was written a moment ago. */
  faultAmong: (rows: readonly Written[], name: string) => string | undefined;
  /** Something else than the table has changed: files, or stages. */
  renew: () => void;
  stageTypes: () => ReadonlyMap<string, StageType>;
  /** What is wrong with these stages; for what is about to be applied. */
  check: (stages: ProxyModelFields["stages"]) => readonly FieldError[];
  /** The files of the data folder that are not used as they are, and why. */
  faults: () => readonly FileFault[];
};

type Options = {
  gate: Plugin;
  log: Log;
  /** Asked for when a model of the table, a file or a result needs a stage. */
  builtInStages?: () => ReadonlyMap<string, StageType>;
  check?: Check;
  local?: Local;
};

/** Every proxy model: built in, applied, and of files in the data folder. */
export function createModels({
  gate,
  log,
  builtInStages = () => new Map(),
  check = () => [],
  local,
}: Options): ModelRegistry {
  let applied: readonly (Written | Definition)[] = [];
  let models: ReadonlyMap<string, Model> = new Map();
  let types: ReadonlyMap<string, StageType> | undefined;

  const builtIns: readonly Definition[] = [
    builtIn(gate),
    { ...builtIn(contentPipeline), pipeline: pipelineOf(usualStages) },
    builtIn(
      definePlugin({
        name: "default",
        description: "gate and content-pipeline",
        extends: ["gate", "content-pipeline"],
      }),
    ),
    ...pipelines.map(
      ({ stages, ...named }): Definition => ({
        ...builtIn(definePlugin(named)),
        type: "pipeline",
        pipeline: pipelineOf(stages),
      }),
    ),
  ];

  /** Ours win: what a pipeline names is not another thing because somebody put a file there. */
  const stageTypes = () => {
    types ??= new Map([...(local?.stages() ?? []), ...builtInStages()]);
    return types;
  };

  function resolved(rows: readonly (Written | Definition)[]): Map<string, Model> {
    const all = new Map<string, Definition>(builtIns.map((definition) => [definition.name, definition]));
    for (const one of rows)
      all.set(one.name, "fields" in one ? definitionOf(one, "applied", stageTypes(), check) : one);
    for (const one of local?.models() ?? []) {
      const definition = "written" in one ? localOf(one.written, one.note) : one.definition;
      const { name } = definition;
      const taken = all.get(name);
      // Whoever applied a model is not to find another in its place because of a file; the file is told of where its name leads.
      all.set(
        name,
        taken === undefined ? definition : withNote(taken, `${one.file} has the same name and is left out`),
      );
    }
    return resolveModels([...all.values()]);
  }

  function renew(): void {
    types = undefined;
    const before = models;
    models = hidingStill(resolved(applied), stageTypes);
    for (const { name, fault } of models.values())
      if (fault !== undefined && fault !== before.get(name)?.fault)
        log.warn("a proxy model is not as it is written", { proxymodel: name, reason: fault });
  }

  function localOf(written: Written, note: string | undefined): Definition {
    const definition = definitionOf(written, "local", stageTypes(), check);
    return note === undefined ? definition : withNote(definition, note);
  }

  renew();
  return {
    get: (name) => models.get(name),
    list: () => [...models.values()],
    setApplied(rows) {
      applied = rows;
      renew();
    },
    faultAmong: (rows, name) => resolved(rows).get(name)?.fault,
    renew,
    stageTypes,
    check: (stages) => check(stages, stageTypes()),
    faults: () => local?.faults(new Set(builtInStages().keys())) ?? [],
  };
}

/**
 * One that cannot be used goes on hiding what it and its parents hide, as far as those stages are there: a file that was deleted is no reason to show
 * everybody's secrets.
 */
function hidingStill(
  models: ReadonlyMap<string, Model>,
  types: () => ReadonlyMap<string, StageType>,
): Map<string, Model> {
  const hiding = (name: string, seen: Set<string>): Pipeline["stages"] => {
    const model = models.get(name);
    if (model === undefined || seen.has(name)) return [];
    seen.add(name);
    const own =
      (model.written ?? model.pipeline)?.stages.filter(({ type }) => types().get(type)?.everywhere === true) ?? [];
    return [...own, ...model.parents.flatMap((parent) => hiding(parent, seen))];
  };
  return new Map(
    [...models].map(([name, model]) => {
      if (model.fault === undefined || model.pipeline !== undefined) return [name, model];
      const stages = hiding(name, new Set());
      const pipeline = { stages, appliesTo: contentTypes, cacheable: false };
      return [name, stages.length === 0 ? model : { ...model, pipeline }];
    }),
  );
}

const withNote = (definition: Definition, note: string): Definition => ({
  ...definition,
  note: definition.note === undefined ? note : `${definition.note}; ${note}`,
});

const pipelineOf = (stages: readonly string[]) => ({
  stages: stages.map((type) => ({ type, config: {} })),
  appliesTo: contentTypes,
  cacheable: true,
});

const builtIn = (plugin: Plugin): Definition => ({
  ...plugin,
  type: "plugin",
  source: "built-in",
  pipeline: undefined,
  version: "1",
});
