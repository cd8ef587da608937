import { isObject } from "../../lib/object.ts";

export type Schema = Record<string, unknown>;

export const isSchema: (value: unknown) => value is Schema = isObject;

/** Two schemas that both hold, as far as one can say both: of equal words the second's is kept, properties are those of both. */
export function joined(first: Schema, second: Schema): Schema {
  const [a, b] = [first["properties"], second["properties"]];
  const [c, d] = [first["required"], second["required"]];
  return {
    ...first,
    ...second,
    ...(isSchema(a) && isSchema(b) ? { properties: { ...a, ...b } } : {}),
    ...(Array.isArray(c) && Array.isArray(d) ? { required: [...new Set([...c, ...d])] } : {}),
  };
}

/** Where schemas stand within schemas. All other words hold values, which look like schemas and are none. */
export const holdsSchema = [
  ...["items", "contains", "additionalProperties", "unevaluatedProperties", "unevaluatedItems", "propertyNames"],
  ...["not", "if", "then", "else", "additionalItems", "contentSchema"],
];
export const holdsSchemas = ["prefixItems", "anyOf", "oneOf", "allOf"];
export const holdsSchemasByName = ["properties", "patternProperties", "dependentSchemas"];
/** Only of use to references, which are gone. */
const forReferences = ["$defs", "definitions", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"];
const references = ["$ref", "$dynamicRef", "$recursiveRef"];

/** How often a definition may stand within itself: the model sees one level of a tree, and that there are more. */
const mostNested = 2;
const mostDepth = 48;
const mostParts = 20_000;

/**
 * The schema with each local `$ref` replaced by what it refers to. What leads elsewhere, nowhere or too often into itself is `{}`, which takes
 * anything; nothing is ever fetched. Undefined when it grows beyond bounds.
 */
export function spread(root: unknown): Schema | undefined {
  let parts = 0;
  const open: string[] = [];

  function walk(value: unknown, depth: number): unknown {
    if (!isSchema(value)) return Array.isArray(value) ? {} : value;
    if (++parts > mostParts) throw tooMany;
    if (depth > mostDepth) return {};
    const own = Object.entries(value).filter(([key]) => !references.includes(key) && !forReferences.includes(key));
    const there = Object.fromEntries(own.map(([key, child]) => [key, within(key, child, depth)]));
    if (!references.some((key) => Object.hasOwn(value, key))) return there;
    const referred = follow(value["$ref"], depth);
    return joined(referred, there);
  }

  function within(key: string, child: unknown, depth: number): unknown {
    if (holdsSchema.includes(key))
      return Array.isArray(child) ? child.map((one) => walk(one, depth + 1)) : walk(child, depth + 1);
    if (holdsSchemas.includes(key)) return Array.isArray(child) ? child.map((one) => walk(one, depth + 1)) : [];
    if (!holdsSchemasByName.includes(key)) return child;
    if (!isSchema(child)) return {};
    return Object.fromEntries(Object.entries(child).map(([name, one]) => [name, walk(one, depth + 1)]));
  }

  function follow(ref: unknown, depth: number): Schema {
    if (typeof ref !== "string" || open.filter((other) => other === ref).length >= mostNested) return {};
    open.push(ref);
    const found = walk(definitionAt(root, ref), depth + 1);
    open.pop();
    return isSchema(found) ? found : {};
  }

  try {
    const whole = walk(root, 0);
    return isSchema(whole) ? whole : {};
  } catch (error) {
    if (error === tooMany) return undefined;
    throw error;
  }
}

const tooMany = new Error("the schema has too many parts");

/** `#`, `#/$defs/x`: a JSON pointer into the same document. */
function definitionAt(root: unknown, ref: string): unknown {
  if (ref === "#") return root;
  if (!ref.startsWith("#/")) return undefined;
  return ref
    .slice(2)
    .split("/")
    .map((step) => decoded(step).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (at, step) =>
        typeof at === "object" && at !== null && Object.hasOwn(at, step) ? (at as Schema)[step] : undefined,
      root,
    );
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
