import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import { once } from "./once.ts";

/** Loaded when something is checked: nothing is to start, and it takes a fifth of the start of an empty program. */
const checks = once(() => require("./checks.ts") as typeof import("./checks.ts"));

/** What a value of this schema must be, compiled. */
export const compiled = (schema: TSchema): TypeCheck<TSchema> => checks().compiled(schema);

/** A copy of a value, with the schema's defaults for what is not in it. */
export const completed = (schema: TSchema, value: unknown): unknown => checks().completed(schema, value);
