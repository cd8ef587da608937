import type { TObject, TSchema } from "@sinclair/typebox";
import { didYouMean } from "../../lib/nearest.ts";
import { Problem } from "../../lib/problem.ts";
import { type AnyKind, addedFields } from "../../resources/define.ts";

/** A field of a kind, found by the way to it: `server.healthCheck.tool`. `isRequired` within the mapping that it stands in. */
export type Field = { path: string; schema: TSchema; isRequired: boolean };

/** What mcpctl adds to what was applied. */
const addedWords: Record<(typeof addedFields)[number], string> = {
  id: "Stays when nothing else does; taken wherever a name is",
  version: "Rises with each change",
  createdAt: "When it was made, ISO 8601",
  updatedAt: "When it was last changed, ISO 8601",
  status: "What is observed, not what was asked for",
};

/** The fields right below a kind, what everybody adds to them excepted. */
export function fieldsOf(kind: AnyKind): Field[] {
  const name: Field = { path: "name", schema: kind.name, isRequired: true };
  return [
    name,
    ...fieldsIn(kind.fields as TObject, "").map((field) => ({ ...field, isRequired: isAsked(kind, field) })),
  ];
}

/** What is filled in when nobody says it is not asked for. */
const isAsked = (kind: AnyKind, { path, isRequired }: Field): boolean =>
  isRequired && filledIn(kind, path) === undefined && kind.readOnly?.includes(path) !== true;

/** What a field is when it is left out, as far as the kind itself says so. */
export function defaultOf(kind: AnyKind, { path, schema }: Field): unknown {
  return schema.default ?? filledIn(kind, path);
}
const filledIn = (kind: AnyKind, path: string): unknown => kind.normalize?.({}, () => undefined)[path];

/** The fields of a mapping; none of what is no mapping. */
function fieldsIn(schema: TSchema, prefix: string): Field[] {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, TSchema>);
  const required = new Set((schema["required"] ?? []) as string[]);
  return properties.map(([name, inner]) => ({
    path: prefix + name,
    schema: inner,
    isRequired: required.has(name) && inner.default === undefined,
  }));
}

/** The fields within one: of a list those of its entries, of a choice those of the mapping in it. */
export function within({ path, schema }: Field): Field[] {
  const mapping = mappingIn(schema);
  return mapping === undefined ? [] : fieldsIn(mapping, `${path}.`);
}

function mappingIn(schema: TSchema): TSchema | undefined {
  if (schema["type"] === "array") return mappingIn(schema["items"] as TSchema);
  if (schema["anyOf"] !== undefined)
    return (schema["anyOf"] as TSchema[]).map(mappingIn).find((one) => one !== undefined);
  return schema["properties"] === undefined ? undefined : schema;
}

/** @throws Problem `invalid` with the nearest field */
export function findField(kind: AnyKind, steps: readonly string[]): Field {
  const [first = ""] = steps;
  const added = addedFields.find((name) => name === first);
  if (added !== undefined && steps.length === 1)
    return {
      path: added,
      schema: { type: "string", description: addedWords[added] } as unknown as TSchema,
      isRequired: false,
    };
  let known = fieldsOf(kind);
  let found: Field | undefined;
  let path = "";
  for (const step of steps) {
    path = path === "" ? step : `${path}.${step}`;
    found = known.find((field) => field.path === path);
    if (found === undefined) throw unknownField(kind, path, step, known);
    known = within(found);
  }
  if (found === undefined) throw unknownField(kind, path, "", known);
  return found;
}

function unknownField(kind: AnyKind, path: string, step: string, known: readonly Field[]): Problem {
  const names = known.map((field) => field.path.split(".").at(-1) ?? "");
  const parent = [kind.kind, ...path.split(".").slice(0, -1)].join(".");
  const near = didYouMean(step, names);
  const there = names.length === 0 ? `${parent} has no fields` : `${parent} has no field "${step}".${near}`;
  return new Problem("invalid", there, { hint: `mcpctl explain ${parent}` });
}

/** What one may write there, in a few words. */
export function typeOf(schema: TSchema): string {
  if (Array.isArray(schema["enum"])) return (schema["enum"] as string[]).join(" | ");
  if (schema["anyOf"] !== undefined) return (schema["anyOf"] as TSchema[]).map(typeOf).join(", or ");
  if (schema["type"] === "array") return `list of ${typeOf(schema["items"] as TSchema)}`;
  if (schema["patternProperties"] !== undefined)
    return `map to ${Object.values(schema["patternProperties"] as Record<string, TSchema>)
      .map(typeOf)
      .join(", ")}`;
  return simple[String(schema["type"])] ?? "anything";
}

const simple: Record<string, string> = {
  string: "text",
  boolean: "true or false",
  integer: "whole number",
  number: "number",
  object: "mapping",
};

/** How much and how little it may be. */
export function boundsOf(schema: TSchema): string[] {
  const between = (least: unknown, most: unknown, what: string) =>
    least === undefined && most === undefined
      ? []
      : [
          most === undefined
            ? `at least ${least}${what}`
            : least === undefined
              ? `at most ${most}${what}`
              : `${least} to ${most}${what}`,
        ];
  const key = Object.keys((schema["patternProperties"] ?? {}) as object)[0];
  return [
    ...between(schema["minimum"], schema["maximum"], ""),
    ...between(schema["minLength"], schema["maxLength"], " characters"),
    ...between(schema["minItems"], schema["maxItems"], " entries"),
    ...between(schema["minProperties"], schema["maxProperties"], " keys"),
    ...(schema["uniqueItems"] === true ? ["each once"] : []),
    ...(typeof schema["pattern"] === "string" ? [`of the form ${schema["pattern"]}`] : []),
    ...(key === undefined || key === "^(.*)$" ? [] : [`keys of the form ${key}`]),
  ];
}
