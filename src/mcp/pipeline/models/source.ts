import { Problem } from "../../../lib/problem.ts";
import type { Source } from "../../../rbac/source.ts";
import type { Resource } from "../../../resources/define.ts";
import type { ProxyModelFields } from "../../../resources/proxy-model.ts";
import { contentTypes } from "../stage.ts";
import type { Model } from "./model.ts";
import type { ModelRegistry } from "./models.ts";

/** Proxy models as a kind: those that were applied lie in the table, the others in this executable and in the data folder. */
export const modelSource = (
  models: Pick<ModelRegistry, "get" | "list" | "check">,
  { page: _ofTheTableAlone, ...table }: Source,
): Source => ({
  ...table,
  *list() {
    const rows = yield* table.list();
    const stored = new Set(rows.map(({ name }) => name));
    const others = models.list().filter(({ name, source }) => source !== "applied" && !stored.has(name));
    return [...rows.map((row) => withModel(row, models.get(row.name))), ...others.map(ofModel)].toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  },
  *find(ref) {
    const row = yield* table.find(ref);
    if (row !== undefined) return withModel(row, models.get(row.name));
    const model = models.list().find(({ name, source }) => name === ref && source !== "applied");
    return model && ofModel(model);
  },
  *save(name, fields, existing, by, also) {
    // What `get -o yaml` printed of one that nobody may change is still what it is.
    if (
      existing !== undefined &&
      existing["source"] !== "applied" &&
      Object.entries(fields).every(([key, value]) => Bun.deepEquals(value, existing[key], true))
    )
      return { resource: existing, action: "unchanged" };
    refuseForeign(models.get(name));
    const errors = models.check((fields as ProxyModelFields).stages);
    if (errors.length > 0)
      throw new Problem("invalid", `this proxymodel "${name}" is not valid`, {
        fields: errors,
        hint: "mcpctl proxymodel stages",
      });
    if (table.save === undefined) throw new Problem("internal", "proxy models have no table");
    return yield* table.save(name, fields, existing, by, also);
  },
  *remove(resource, also) {
    refuseForeign(models.get(resource.name));
    yield* table.remove?.(resource, also) ?? [];
  },
});

function refuseForeign(model: Model | undefined): void {
  if (model === undefined || model.source === "applied") return;
  const where = model.source === "built-in" ? "of mcpctl itself" : "a file in the data folder of mcpctl serve";
  throw new Problem("conflict", `proxymodel "${model.name}" is ${where}`, {
    hint: "apply one of another name; it may extend this one",
  });
}

const withModel = (row: Resource, model: Model | undefined): Resource => ({ ...row, ...told(model) });

function ofModel(model: Model): Resource {
  const { name, description, parents, pipeline, written = pipeline } = model;
  return {
    id: name,
    name,
    description,
    stages: written?.stages ?? [],
    extends: parents,
    appliesTo: written?.appliesTo ?? contentTypes,
    cacheable: written?.cacheable ?? true,
    ...told(model),
    version: 1,
    createdAt: new Date(0).toISOString(),
    updatedAt: new Date(0).toISOString(),
  };
}

const told = (model: Model | undefined) => ({
  type: model?.type ?? "pipeline",
  source: model?.source ?? "applied",
  hooks: Object.entries(model?.origin ?? {}).map(([hook, of]) => `${hook} (${of})`),
  ...(model?.fault === undefined ? {} : { fault: model.fault }),
});
