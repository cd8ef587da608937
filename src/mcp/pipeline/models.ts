import type { Model, Models } from "./model.ts";
import { definePlugin, type Plugin } from "./plugin.ts";
import { contentPipeline } from "./plugins/content-pipeline.ts";
import { type Definition, resolveModels } from "./resolve.ts";
import { contentTypes } from "./stage.ts";

/** What `content-pipeline` does, and so `default`. */
const builtInStages = [
  { type: "section-split", config: {} },
  { type: "summarize-tree", config: {} },
  { type: "paginate", config: {} },
];

/** Every proxy model: built in, of files in the data folder, and applied. */
export type ModelRegistry = Models & { setApplied: (definitions: readonly Definition[]) => void };

export function createModels(gate: Plugin): ModelRegistry {
  let applied: readonly Definition[] = [];
  let models: ReadonlyMap<string, Model> = new Map();
  const builtIns: readonly Definition[] = [
    builtIn(gate),
    {
      ...builtIn(contentPipeline),
      pipeline: { stages: builtInStages, appliesTo: contentTypes, cacheable: true },
    },
    builtIn(
      definePlugin({
        name: "default",
        description: "gate and content-pipeline",
        extends: ["gate", "content-pipeline"],
      }),
    ),
  ];
  const renew = () => {
    models = resolveModels([...builtIns, ...applied]);
  };
  renew();
  return {
    get: (name) => models.get(name),
    list: () => [...models.values()],
    setApplied(definitions) {
      applied = definitions;
      renew();
    },
  };
}

const builtIn = (plugin: Plugin): Definition => ({
  ...plugin,
  type: "plugin",
  source: "built-in",
  pipeline: undefined,
  version: "1",
});
