import { isSchema, type Schema, spread } from "./schema-spread.ts";
import { typed } from "./schema-types.ts";

/** What a schema may grow to: a few lines of `$ref` can say the same as megabytes. */
const mostCharacters = 64 * 1024;

/**
 * An input schema (JSON text) for clients that take only part of JSON Schema (reference/clients.md §2.1, §6.4): no `$ref`, every alternative has
 * a type, none is null, the root is an object with `properties` and without alternatives. Pure. Where exactness and being taken collide, the
 * rewritten schema takes more than the server's own, never less: the server checks its arguments itself.
 */
export function inlined(text: string | undefined): { schema: string; note?: string } {
  const root: unknown = text === undefined ? {} : JSON.parse(text);
  const whole = spread(root);
  const schema = whole === undefined ? undefined : JSON.stringify(asRoot(typed(whole)));
  return schema === undefined || schema.length > mostCharacters ? tooLarge : { schema };
}

const tooLarge = {
  schema: '{"type":"object","properties":{}}',
  note: "(The schema of its arguments is too large to be shown here.)",
};

/** Words that strict clients refuse at the top, beside the alternatives, which are merged. */
const notAtTop = ["if", "then", "else", "not", "enum", "const", "dependentSchemas", "$schema"];
const branches = ["allOf", "anyOf", "oneOf"] as const;

/** The root of a tool's arguments: an object whose properties are those of all alternatives. */
function asRoot(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(
    ([key]) => !notAtTop.includes(key) && !(branches as readonly string[]).includes(key),
  );
  const properties = new Map<string, unknown>();
  const add = (from: Schema) => {
    for (const [name, value] of propertiesOf(from)) {
      const known = properties.get(name);
      properties.set(name, known === undefined ? value : either(known, value));
    }
  };
  add(schema);
  const own = properties.size;
  let required = requiredOf(schema);
  for (const branch of branches) {
    const members = schemasIn(schema[branch]).map(asRoot);
    for (const member of members) add(member);
    const all = members.map(requiredOf);
    required = [...required, ...(branch === "allOf" ? all.flat() : common(all))];
  }
  const needed = [...new Set(required)].filter((name) => properties.has(name));
  const { required: _, ...root } = {
    ...Object.fromEntries(kept),
    type: "object",
    properties: Object.fromEntries(properties),
  } as Schema;
  // What was closed before the alternatives' properties came in would refuse them.
  if (root["additionalProperties"] === false && properties.size > own) delete root["additionalProperties"];
  return needed.length === 0 ? root : { ...root, required: needed };
}

const propertiesOf = ({ properties }: Schema): [string, unknown][] =>
  isSchema(properties) ? Object.entries(properties) : [];

const requiredOf = ({ required }: Schema): string[] =>
  Array.isArray(required) ? required.filter((name): name is string => typeof name === "string") : [];

const schemasIn = (list: unknown): Schema[] => (Array.isArray(list) ? list.filter(isSchema) : []);

/** What all of them need. */
const common = ([first = [], ...others]: string[][]): string[] =>
  first.filter((name) => others.every((names) => names.includes(name)));

/** One property that alternatives describe differently, such as the word that tells them apart. */
function either(a: unknown, b: unknown): unknown {
  if (Bun.deepEquals(a, b)) return a;
  return typed({ anyOf: [a, b] });
}
