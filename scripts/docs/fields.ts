import type { TSchema } from "@sinclair/typebox";
import { code, table } from "./markdown.ts";

/** A field of a schema, by the path that a manifest has it at: `limits.callSeconds`, `env[].name`. */
export type Field = { path: string; type: string; isRequired: boolean; usual: string; bounds: string; about: string };

/** Every field of an object, and those of the objects within it, as deep as they go. */
export function fieldsOf(schema: TSchema, before = ""): Field[] {
  const required = new Set((schema["required"] as string[] | undefined) ?? []);
  const properties = Object.entries((schema["properties"] as Record<string, TSchema> | undefined) ?? {});
  return properties.flatMap(([name, own]) => {
    const path = before + name;
    const usual = own["default"];
    const field = {
      path,
      type: typeOf(own),
      isRequired: required.has(name) && usual === undefined,
      usual: usual === undefined || isEmpty(usual) ? "" : JSON.stringify(usual),
      bounds: boundsOf(own),
      about: String(own["description"] ?? (isSecretRef(own) ? "A key of a secret, as `secretRef: {name, key}`" : "")),
    };
    return isSecretRef(own) ? [field] : [field, ...inner(own, path)];
  });
}

const isSecretRef = (schema: TSchema) => schema["properties"]?.["secretRef"] !== undefined;

function inner(schema: TSchema, path: string): Field[] {
  const items = schema["items"] as TSchema | undefined;
  const found = [
    ...fieldsOf(schema, `${path}.`),
    ...(items === undefined ? [] : inner(items, `${path}[]`)),
    ...choicesOf(schema).flatMap((choice) => inner(choice, path)),
  ];
  // Alternatives may share fields.
  return found.filter((field, index) => found.findIndex((other) => other.path === field.path) === index);
}

const choicesOf = (schema: TSchema): TSchema[] => (schema["anyOf"] as TSchema[] | undefined) ?? [];
const isEmpty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** A type in a word or two, as a person says it. */
export function typeOf(schema: TSchema): string {
  const { enum: choices, type, items, patternProperties, additionalProperties } = schema as Record<string, unknown>;
  if (Array.isArray(choices)) return choices.join(", ");
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  const alternatives = choicesOf(schema);
  if (alternatives.length > 0) return [...new Set(alternatives.map(typeOf))].join(" or ");
  if (type === "array") return `list of ${items === undefined ? "anything" : typeOf(items as TSchema)}`;
  if (type === "object") return patternProperties !== undefined || isMap(additionalProperties) ? "map" : "object";
  return typeof type === "string" ? type : "anything";
}
const isMap = (additional: unknown) => typeof additional === "object" && additional !== null;

function boundsOf(schema: TSchema): string {
  const of = (key: string) => schema[key] as number | undefined;
  const unit = schema["type"] === "string" ? " characters" : schema["type"] === "array" ? " items" : "";
  const [least, most] = [
    of("minimum") ?? of("minLength") ?? of("minItems"),
    of("maximum") ?? of("maxLength") ?? of("maxItems") ?? of("maxProperties"),
  ];
  if (of("exclusiveMinimum") !== undefined)
    return `more than ${of("exclusiveMinimum")}${most === undefined ? "" : `, at most ${most}`}`;
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (most !== undefined) return `at most ${most}${unit}`;
  return least === undefined ? "" : `at least ${least}${unit}`;
}

/** The table of an object's fields, for a page of the reference. */
export const fieldTable = (schema: TSchema): string =>
  table(
    ["field", "type", "default", "bounds", "what it is"],
    fieldsOf(schema).map(({ path, type, isRequired, usual, bounds, about }) => [
      code(path),
      type,
      isRequired ? "required" : code(usual),
      bounds,
      about,
    ]),
  );
