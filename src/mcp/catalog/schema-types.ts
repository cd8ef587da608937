import { holdsSchema, holdsSchemas, holdsSchemasByName, isSchema, joined, type Schema } from "./schema-spread.ts";

/**
 * The schema with a type wherever one can be known, so that each member of an `anyOf` or `oneOf` has one. Null members are dropped: an argument
 * that may be null may be left out. Alternatives of which one takes anything are none.
 */
export function typed(schema: Schema): Schema {
  const there: Schema = {};
  for (const [key, value] of Object.entries(schema)) {
    if (holdsSchemasByName.includes(key) && isSchema(value)) there[key] = byName(key, value);
    else if (holdsSchemas.includes(key)) there[key] = Array.isArray(value) ? value.map(part) : [];
    else if (holdsSchema.includes(key)) there[key] = Array.isArray(value) ? value.map(part) : part(value);
    else Object.defineProperty(there, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return ["anyOf", "oneOf"].reduce(withAlternatives, withoutNull(typedItself(oneForAll(there))));
}

const part = (value: unknown): unknown => (isSchema(value) ? typed(value) : value);

/** `"x": true` says that there is an x; several clients take only objects there. */
const byName = (key: string, value: Schema): Schema =>
  Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, key === "properties" && !isSchema(one) ? {} : part(one)]),
  );

/** `allOf` around one schema, as generators write it to put a description beside a `$ref`. */
function oneForAll(schema: Schema): Schema {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf)) return schema;
  const [only, ...others] = allOf.filter((member) => member !== true);
  if (only === undefined) return rest;
  return others.length === 0 && isSchema(only) ? joined(only, rest) : schema;
}

function withAlternatives(schema: Schema, key: string): Schema {
  const { [key]: members, ...rest } = schema;
  if (members === undefined) return schema;
  if (!Array.isArray(members)) return rest;
  // An alternative of alternatives is so many alternatives more, each of one type.
  const flat = members.filter((member) => member !== false).flatMap((member) => alternativesOf(member, key));
  if (flat.some((member) => member === undefined)) return rest;
  const kept = (flat as Schema[]).filter(({ type }) => type !== "null");
  const [only, ...others] = kept;
  if (only === undefined) return members.length === 0 ? rest : { ...rest, type: "null" };
  return others.length === 0 ? joined(only, rest) : { ...rest, [key]: kept };
}

/** Undefined for one that takes anything, as far as can be known. */
function alternativesOf(member: unknown, key: string): (Schema | undefined)[] {
  if (!isSchema(member)) return [undefined];
  const { type, [key]: inner } = member;
  if (typeof type === "string") return [member];
  if (Array.isArray(type)) return type.map((one) => ({ ...member, type: one }));
  if (!Array.isArray(inner)) return [undefined];
  const { [key]: _, ...around } = member;
  return (inner as Schema[]).map((one) => ({ ...around, ...one }));
}

/** `type: [string, null]` and an `enum` with null in it; a type that is no word is none. */
function withoutNull(schema: Schema): Schema {
  const { type, ...rest } = schema;
  if (type === undefined || typeof type === "string") return schema;
  const words = Array.isArray(type) ? type.filter((one) => typeof one === "string") : [];
  const kept = words.filter((one) => one !== "null");
  const [only, ...others] = kept;
  if (only === undefined) return words.length === 0 ? rest : { ...rest, type: "null" };
  const values = schema["enum"];
  return {
    ...schema,
    type: others.length === 0 ? only : kept,
    ...(Array.isArray(values) ? { enum: values.filter((value) => value !== null) } : {}),
  };
}

/** The type that the other words speak of. */
function typedItself(schema: Schema): Schema {
  if (schema["type"] !== undefined) return schema;
  const type = typeKnown(schema);
  return type === undefined ? schema : { ...schema, type };
}

const wordsOf: Record<string, readonly string[]> = {
  object: ["properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"],
  string: ["pattern", "minLength", "maxLength", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
};

function typeKnown(schema: Schema): string | string[] | undefined {
  const values = Object.hasOwn(schema, "const") ? [schema["const"]] : schema["enum"];
  if (Array.isArray(values)) {
    const types = [...new Set(values.map(typeOf))];
    return types.length > 1 ? types : types[0];
  }
  return Object.keys(wordsOf).find((type) => wordsOf[type]?.some((word) => Object.hasOwn(schema, word)));
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}
