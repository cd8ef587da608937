import type { TSchema } from "@sinclair/typebox";
import { type TypeCheck, TypeCompiler } from "@sinclair/typebox/compiler";
import { Value } from "@sinclair/typebox/value";

/** What a value of this schema must be, compiled. */
export const compiled = (schema: TSchema): TypeCheck<TSchema> => TypeCompiler.Compile(schema);

/** A copy of a value, with the schema's defaults for what is not in it. */
export const completed = (schema: TSchema, value: unknown): unknown => Value.Default(schema, structuredClone(value));
