import type { TSchema } from "@sinclair/typebox";
import type { TypeCheck } from "@sinclair/typebox/compiler";
import type { ValueError } from "@sinclair/typebox/errors";
import { compiled, completed } from "../lib/check.ts";
import { didYouMean, nearest } from "../lib/nearest.ts";
import { isObject } from "../lib/object.ts";
import { type FieldError, Problem } from "../lib/problem.ts";
import * as Type from "../lib/type.ts";
import { type AnyKind, addedFields } from "./define.ts";
import { findKind, kinds } from "./index.ts";
import { quotable, unknownKind } from "./unknown-kind.ts";

/**
 * A manifest that passed: its kind, its name, and its fields with defaults filled in; `ended` when it tells of what is over, `warnings` when some of
 * it means nothing here.
 */
export type Manifest = {
  kind: AnyKind;
  name: string;
  fields: Record<string, unknown>;
  ended?: true;
  warnings?: string[];
};

/**
 * Checks one flat document against its kind: closed objects, defaults, rules between fields. Server, `apply` and import all come through here.
 * `where` begins the message, such as "stack.yaml, document 2".
 * @throws Problem `invalid`, one line a wrong field; no value is ever repeated.
 */
export function parseManifest(kind: AnyKind, input: unknown, where = ""): Manifest {
  const refuse = (fields: FieldError[]): never => {
    const name =
      isObject(input) && typeof input["name"] === "string" && shortName.test(input["name"])
        ? ` "${input["name"]}"`
        : "";
    throw new Problem("invalid", `${where === "" ? "" : `${where}: `}this ${kind.kind}${name} is not valid`, {
      fields,
      hint: `mcpctl explain ${kind.kind}`,
    });
  };
  if (!isObject(input)) return refuse([{ path: "", message: "a mapping of fields is expected" }]);
  const added = new Set<string>(["kind", ...addedFields, ...(kind.readOnly ?? [])]);
  const left = new Set(kind.meaningless ?? []);
  const warnings = Object.keys(input).flatMap((key) =>
    left.has(key) ? [`${key} means nothing here, and is left out`] : [],
  );
  const given = Object.fromEntries(
    Object.entries(input).filter(([key, value]) => !added.has(key) && !left.has(key) && value !== null),
  );
  const checker = checkerOf(kind);
  const present = ofToday(kind, kind.normalize?.(given, pluralOf) ?? given);
  const value = completed(checker.Schema(), present);
  if (!checker.Check(value)) return refuse(fieldErrors(checker, value));
  const { name, ...fields } = value as { name: string } & Record<string, unknown>;
  const errors = kind.check?.(fields, pluralOf) ?? [];
  if (errors.length > 0) return refuse(errors);
  const ended = kind.ended?.(input) === true;
  return { kind, name, fields, ...(ended && { ended }), ...(warnings.length > 0 && { warnings }) };
}

/** Fields of the original under their present names; one that is there under both keeps the present one. */
function ofToday({ formerly = {} }: AnyKind, input: Record<string, unknown>): Record<string, unknown> {
  const fields = { ...input };
  for (const [former, { field, value }] of Object.entries(formerly)) {
    if (!Object.hasOwn(fields, former)) continue;
    const given = fields[former];
    delete fields[former];
    fields[field] ??= value === undefined ? given : value(given);
  }
  return fields;
}

/** One manifest of a document, or what is wrong with it; `kind` and `name` as far as they can be told. */
export type Read = { where: string; kind?: string; name?: string } & (
  | { manifest: Manifest; error?: undefined }
  | { error: Problem }
);

/**
 * The manifests within one parsed document: a flat one, a `List` of them, or grouped lists such as `servers: [...]`. What is wrong with one says
 * nothing about the others.
 */
export function readManifests(document: unknown, where: string): Read[] {
  if (Array.isArray(document))
    return document.flatMap((item, index) => readManifests(item, `${where}, item ${index + 1}`));
  if (!isObject(document)) return [broken(where, `${where}: a mapping of fields is expected`)];
  const { kind: word, items } = document;
  // As `get -o json` prints several.
  if (word === "List" && Array.isArray(items)) return readManifests(items, where);
  if (word !== undefined) {
    const kind = typeof word === "string" ? findKind(word) : undefined;
    if (kind === undefined) return [{ where, error: unknownKind(typeof word === "string" ? word : "", `${where}: `) }];
    return [readOne(kind, document, where)];
  }
  return Object.entries(document).flatMap(([group, items]) => {
    const kind = findKind(group);
    if (kind !== undefined && Array.isArray(items))
      return items.map((item, index) => readOne(kind, item, `${where}, ${group} ${index + 1}`));
    const words = ["kind", ...kinds.map((k) => k.plural)];
    const message = `${where}: "kind" is missing, and "${quotable(group)}" is no list of a kind.${didYouMean(group, words)}`;
    return [broken(where, message)];
  });
}

const broken = (where: string, message: string): Read => ({ where, error: new Problem("invalid", message) });

function readOne(kind: AnyKind, input: unknown, where: string): Read {
  try {
    const manifest = parseManifest(kind, input, where);
    return { where, kind: kind.kind, name: manifest.name, manifest };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const name = isObject(input) ? input["name"] : undefined;
    return { where, kind: kind.kind, ...(typeof name === "string" && shortName.test(name) ? { name } : {}), error };
  }
}

/** The same for all or nothing. @throws Problem `invalid` for the first that is wrong */
export const manifestsIn = (document: unknown, where: string): Manifest[] =>
  readManifests(document, where).map((read) => {
    if (read.error !== undefined) throw read.error;
    return read.manifest;
  });

/** The kind's full schema, every object closed: a misspelt field is an error, never silence. */
export function manifestSchema(kind: AnyKind): TSchema {
  const readOnly = new Set(kind.readOnly ?? []);
  const properties = Object.entries(kind.fields.properties as Record<string, TSchema>).filter(
    ([key]) => !readOnly.has(key),
  );
  return close(Type.Object({ name: kind.name, ...Object.fromEntries(properties) }));
}

const pluralOf = (word: string) => findKind(word)?.plural;
const shortName = /^[A-Za-z0-9@._-]{1,80}$/;

const checkers = new Map<AnyKind, TypeCheck<TSchema>>();
function checkerOf(kind: AnyKind): TypeCheck<TSchema> {
  let checker = checkers.get(kind);
  if (checker === undefined) {
    checker = compiled(manifestSchema(kind));
    checkers.set(kind, checker);
  }
  return checker;
}

function close<T extends TSchema>(schema: T): T {
  if (schema["type"] === "array") return { ...schema, items: close(schema["items"] as TSchema) };
  if (schema["anyOf"] !== undefined) return { ...schema, anyOf: (schema["anyOf"] as TSchema[]).map(close) };
  if (schema["type"] !== "object" || schema["properties"] === undefined) return schema;
  const properties = Object.entries(schema["properties"] as Record<string, TSchema>).map(([key, value]) => [
    key,
    close(value),
  ]);
  return { ...schema, additionalProperties: false, properties: Object.fromEntries(properties) };
}

/** What is wrong with a value, one sentence a field, as people write it. */
export function fieldErrors(checker: TypeCheck<TSchema>, value: unknown): FieldError[] {
  const errors = new Map<string, string>();
  for (const error of [...checker.Errors(value)].flatMap(within))
    if (!errors.has(error.path)) errors.set(error.path, sentence(error));
  return [...errors].slice(0, 20).map(([path, message]) => ({ path, message }));
}

/** Of a name or a mapping, what is wrong with the one that was meant. */
function within(error: ValueError): ValueError[] {
  const variants = (error.schema["anyOf"] as TSchema[] | undefined) ?? [];
  const meant = variants.findIndex(({ type }) => type === (isObject(error.value) ? "object" : typeof error.value));
  return meant < 0 ? [error] : [...(error.errors[meant] ?? [])];
}

/** TypeBox's own sentences speak of schemas; a person wants to know what to write. */
function sentence(error: ValueError): string {
  const schema = error.schema;
  const key = error.path.split("/").at(-1) ?? "";
  if (error.message === "Unexpected property") {
    const match = nearest(key, Object.keys((schema["properties"] as object | undefined) ?? {}));
    return match === undefined ? "there is no such field" : `there is no such field; did you mean "${match}"?`;
  }
  if (error.value === undefined) return "is required";
  if (schema["anyOf"] !== undefined) return `must be ${String(schema["description"])}`;
  if (Array.isArray(schema["enum"])) return `must be one of ${(schema["enum"] as string[]).join(", ")}`;
  return (
    bounded(schema, error.value) ?? expected(schema) ?? error.message.charAt(0).toLowerCase() + error.message.slice(1)
  );
}

/** Of what is of the right type: too short, too long, or of another form. */
function bounded({ type, pattern, description, minLength, maxLength, minItems, maxItems }: TSchema, value: unknown) {
  if (type === "string" && typeof value === "string") {
    if (value.length < (minLength ?? 0)) return "must not be empty";
    if (value.length > (maxLength ?? Number.POSITIVE_INFINITY)) return `must have at most ${maxLength} characters`;
    return pattern === undefined ? undefined : `is not in the right form: ${description ?? pattern}`;
  }
  if (type !== "array" || !Array.isArray(value)) return undefined;
  if (value.length < (minItems ?? 0))
    return minItems === 1 ? "must not be empty" : `must have at least ${minItems} entries`;
  return value.length > (maxItems ?? Number.POSITIVE_INFINITY) ? `must have at most ${maxItems} entries` : undefined;
}

const typeWords: Record<string, string> = {
  string: "text",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of fields",
};

function expected({ type, minimum, maximum }: TSchema): string | undefined {
  if (type !== "integer" && type !== "number")
    return typeWords[String(type)] === undefined ? undefined : `must be ${typeWords[String(type)]}`;
  const range = minimum === undefined || maximum === undefined ? "" : ` from ${minimum} to ${maximum}`;
  return `must be a ${type === "integer" ? "whole " : ""}number${range}`;
}
