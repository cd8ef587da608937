import { createHash } from "../../../lib/crypto.ts";
import type { FieldError } from "../../../lib/problem.ts";
import type { ProxyModelFields } from "../../../resources/proxy-model.ts";
import type { StageType } from "../stage.ts";
import type { Source } from "./model.ts";
import type { Definition } from "./resolve.ts";

/** Stages as somebody wrote them, in a file or applied. */
export type Written = { name: string; fields: ProxyModelFields };

type Types = ReadonlyMap<string, StageType>;
export type Check = (stages: ProxyModelFields["stages"], types: Types) => readonly FieldError[];

/** Pure: what a pipeline is with the stages that there are. One without stages has those of its parents. */
export function definitionOf({ name, fields }: Written, source: Source, types: Types, check: Check): Definition {
  const { stages, description = "", extends: parents, appliesTo, cacheable } = fields;
  const faults = check(stages, types).map(({ path, message }) => `${path.slice(1)}: ${message}`);
  const used = stages.flatMap(({ type }) => types.get(type) ?? []);
  const notes = used.flatMap(({ name: stage, fault }) => (fault === undefined ? [] : [`stage "${stage}": ${fault}`]));
  const local = used.filter((type) => type.source === "local").map((type) => `${type.name}@${type.version}`);
  return {
    name,
    description,
    type: "pipeline",
    source,
    extends: parents,
    hooks: {},
    pipeline:
      stages.length === 0
        ? undefined
        : { stages: stages.map(({ type, config = {} }) => ({ type, config })), appliesTo, cacheable },
    version: createHash("sha256")
      .update(JSON.stringify([stages, parents, appliesTo, cacheable, local]))
      .digest("hex")
      .slice(0, 16),
    ...(faults.length > 0 && { fault: faults.join("; ") }),
    ...(notes.length > 0 && { note: [...new Set(notes)].join("; ") }),
  };
}
