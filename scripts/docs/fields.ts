import type { TSchema } from "@sinclair/typebox";
import { boundsOf, typeOf } from "../../src/cli/explaining/field.ts";
import { code, table } from "./markdown.ts";

/** A field of a schema, by the path that a manifest has it at: `limits.callSeconds`, `env[].name`. */
export type Field = { path: string; type: string; isRequired: boolean; usual: string; bounds: string; about: string };

/** Every field of an object, and those of the objects within it, as deep as they go. */
function fieldsOf(schema: TSchema, before = ""): Field[] {
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
      bounds: boundsOf(own)
        .map((bound) => bound.replace(/(?<=of the form ).*$/, (pattern) => code(pattern)))
        .join(", "),
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
