import { compiled, completed } from "../../lib/check.ts";
import { nearest } from "../../lib/nearest.ts";
import { isObject } from "../../lib/object.ts";
import type { FieldError } from "../../lib/problem.ts";
import { fieldErrors } from "../../resources/parse.ts";
import type { StageType } from "./stage.ts";

export type WrittenStage = { type: string; config?: Readonly<Record<string, unknown>> };
type Types = ReadonlyMap<string, StageType>;

/** What is wrong with the stages of a pipeline as somebody wrote them; paths begin with `/stages`. Pure. */
export const checkPipeline = (stages: readonly WrittenStage[], types: Types): FieldError[] =>
  stages.flatMap(({ type, config = {} }, index) => {
    const at = `/stages/${index}`;
    const stage = types.get(type);
    if (stage === undefined) return [{ path: `${at}/type`, message: unknownStage(type, types) }];
    if (!isObject(config)) return [{ path: `${at}/config`, message: "must be a mapping of fields" }];
    return configErrors(stage, config).map(({ path, message }) => ({ path: `${at}/config${path}`, message }));
  });

function unknownStage(type: string, types: Types): string {
  const match = nearest(type, types.keys());
  return match === undefined
    ? `there is no such stage; there are ${[...types.keys()].toSorted().join(", ")}`
    : `there is no such stage; did you mean "${match}"?`;
}

function configErrors(stage: StageType, config: Readonly<Record<string, unknown>>): FieldError[] {
  if (stage.config === undefined) return [];
  const complete = completed(stage.config, config);
  const checker = compiled(stage.config);
  const errors = checker.Check(complete) ? [] : fieldErrors(checker, complete);
  return errors.length > 0 ? errors : (stage.check?.(complete as Record<string, unknown>) ?? []);
}

const known = new WeakMap<object, { type: StageType; config: Readonly<Record<string, unknown>> }>();

/** With the stage's defaults for what was not written. One that was asked for before is not made again. */
export function completeConfig(type: StageType, config: Readonly<Record<string, unknown>>) {
  if (type.config === undefined) return config;
  const before = known.get(config);
  if (before?.type === type) return before.config;
  const complete = completed(type.config, config) as Readonly<Record<string, unknown>>;
  known.set(config, { type, config: complete });
  return complete;
}
