import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { inlined } from "../../src/mcp/catalog/schemas.ts";

type Schema = Record<string, unknown>;
const inline = (schema: unknown) => JSON.parse(inlined(JSON.stringify(schema)).schema) as Schema;

/** What vLLM does to every tool's schema as it starts (reference/clients.md §2.1); what throws here keeps it from starting. */
function trimSchema(schema: Schema): Schema {
  if (typeof schema !== "object" || schema === null) throw new TypeError("argument is not iterable");
  const { title: _, ...trimmed } = schema;
  if (trimmed["default"] === null) delete trimmed["default"];
  if ("anyOf" in trimmed) {
    const types = (trimmed["anyOf"] as Schema[]).map((member) => {
      if (typeof member !== "object" || !("type" in member)) throw new RangeError("KeyError: 'type'");
      return member["type"];
    });
    trimmed["type"] = types.filter((type) => type !== "null");
    delete trimmed["anyOf"];
  }
  if ("properties" in trimmed) {
    const entries = Object.entries(trimmed["properties"] as Schema);
    trimmed["properties"] = Object.fromEntries(entries.map(([name, one]) => [name, trimSchema(one as Schema)]));
  }
  return trimmed;
}

const optional = {
  type: "object",
  properties: { filter: { anyOf: [{ $ref: "#/$defs/Filter" }, { type: "null" }], default: null, title: "Filter" } },
  $defs: { Filter: { type: "object", properties: { by: { enum: ["a", "b"] } }, required: ["by"] } },
};

describe("what keeps vLLM from starting does not after", () => {
  const traps: [string, unknown][] = [
    ["a reference among alternatives", optional],
    ["a constant among them", { type: "object", properties: { x: { anyOf: [{ const: 1 }, { type: "string" }] } } }],
    ["an enum among them", { type: "object", properties: { x: { anyOf: [{ enum: ["a"] }, { type: "integer" }] } } }],
    ["anything among them", { type: "object", properties: { x: { anyOf: [{}, { type: "integer" }] } } }],
    ["a property that is true", { type: "object", properties: { x: true } }],
    ["alternatives at the top", { anyOf: [{ $ref: "#/$defs/A" }], $defs: { A: { properties: { a: true } } } }],
  ];
  test.each(traps)("%s", (_, schema) => {
    expect(() => trimSchema(schema as Schema)).toThrow();
    expect(() => trimSchema(inline(schema))).not.toThrow();
  });
});

test("a reference is replaced by what it refers to, null is left out, what is written beside it stays", () => {
  expect(inline(optional)).toEqual({
    type: "object",
    properties: {
      filter: {
        type: "object",
        properties: { by: { enum: ["a", "b"], type: "string" } },
        required: ["by"],
        default: null,
        title: "Filter",
      },
    },
  });
  const both = { type: "object", properties: { x: { $ref: "#/$defs/a~1b%20c", description: "mine" } } };
  expect(inline({ ...both, $defs: { "a/b c": { type: "string", description: "theirs" } } })["properties"]).toEqual({
    x: { type: "string", description: "mine" },
  });
});

test("what leads elsewhere, nowhere or into itself takes anything, and nothing is fetched", () => {
  const properties = {
    far: { $ref: "https://127.0.0.1:9/schema.json" },
    file: { $ref: "other.json#/x", description: "kept" },
    lost: { $ref: "#/$defs/none" },
    proto: { $ref: "#/constructor/prototype" },
    loop: { $ref: "#/properties/loop" },
    tree: { $ref: "#/$defs/Node" },
  };
  const Node = { type: "object", properties: { children: { type: "array", items: { $ref: "#/$defs/Node" } } } };
  const shown = inline({ type: "object", properties, $defs: { Node } })["properties"] as Schema;
  const { tree, ...others } = shown;
  expect(others).toEqual({ far: {}, file: { description: "kept" }, lost: {}, proto: {}, loop: {} });
  const inner = { type: "object", properties: { children: { type: "array", items: {} } } };
  expect(tree).toEqual({ type: "object", properties: { children: { type: "array", items: inner } } });
});

test("the root is an object with properties; alternatives are merged, and what all of them need is needed", () => {
  const kind = (name: string, more: object) => ({
    type: "object",
    properties: { kind: { const: name }, ...more },
    required: ["kind", ...Object.keys(more)],
  });
  const schema = {
    oneOf: [kind("a", { x: { type: "integer" } }), kind("b", { y: true })],
    additionalProperties: false,
  };
  expect(inline(schema)).toEqual({
    type: "object",
    properties: {
      kind: {
        anyOf: [
          { const: "a", type: "string" },
          { const: "b", type: "string" },
        ],
      },
      x: { type: "integer" },
      y: {},
    },
    required: ["kind"],
  });
  expect(inline({ allOf: [kind("a", {}), { properties: { z: {} }, required: ["z", "none"] }] })["required"]).toEqual([
    "kind",
    "z",
  ]);
  for (const odd of [true, false, null, "x", [], {}, { type: "string" }, { $ref: "#" }])
    expect(inline(odd)).toEqual({ type: "object", properties: {} });
  expect(JSON.parse(inlined(undefined).schema)).toEqual({ type: "object", properties: {} });
});

test("values that look like schemas are values", () => {
  const value = { $ref: "#/$defs/x", anyOf: [{}], properties: { a: true } };
  const x = { type: "object", default: value, enum: [value], examples: [value] };
  expect(inline({ type: "object", properties: { x, $ref: { type: "string" }, anyOf: { type: "string" } } })).toEqual({
    type: "object",
    properties: { x, $ref: { type: "string" }, anyOf: { type: "string" } },
  });
});

test("a few lines that say gigabytes are said to be too large, and quickly", () => {
  const names = Array.from({ length: 40 }, (_, n) => `d${n}`);
  const twice = (name: string) => ({ properties: { l: { $ref: `#/$defs/${name}` }, r: { $ref: `#/$defs/${name}` } } });
  const $defs = Object.fromEntries(names.map((name, n) => [name, twice(names[n + 1] ?? "none")]));
  const startedAt = performance.now();
  const { schema, note } = inlined(JSON.stringify({ $ref: "#/$defs/d0", $defs }));
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect([schema, note]).toEqual(['{"type":"object","properties":{}}', expect.stringContaining("too large")]);
  const long = { type: "object", properties: { x: { type: "string", pattern: "x".repeat(70_000) } } };
  expect(inlined(JSON.stringify(long)).note).toBeDefined();
});

const name = fc.constantFrom("a", "b", "__proto__", "$ref", "type", "constructor");
const anySchema = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.boolean(),
    fc.constant({ type: "null" }),
    fc.record({
      type: fc.constantFrom("string", "integer", "null", "array", ["string", "null"], ["integer", "string"], [], 5, [
        null,
        "string",
      ]),
    }),
    fc.record({ $ref: fc.constantFrom("#", "#/$defs/a", "#/$defs/b", "#/properties/a", "https://h/x", "#x", "%") }),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }) }),
    fc.record({ const: fc.jsonValue({ maxDepth: 1 }), description: fc.string() }),
    fc.record(
      {
        type: fc.constantFrom("object", "array", ["object", "null"]),
        properties: fc.oneof(fc.dictionary(name, tie("schema"), { maxKeys: 3 }), fc.jsonValue({ maxDepth: 1 })),
        required: fc.oneof(fc.array(name), fc.jsonValue({ maxDepth: 1 })),
        items: fc.oneof(tie("schema"), fc.array(tie("schema"), { maxLength: 2 })),
        additionalProperties: tie("schema"),
        anyOf: fc.oneof(fc.array(tie("schema"), { maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })),
        oneOf: fc.array(tie("schema"), { maxLength: 3 }),
        allOf: fc.array(tie("schema"), { maxLength: 3 }),
        $defs: fc.dictionary(fc.constantFrom("a", "b"), tie("schema"), { maxKeys: 2 }),
        default: fc.jsonValue({ maxDepth: 1 }),
      },
      { requiredKeys: [] },
    ),
  ),
})).schema;

/** Every place where a schema stands, by the words that hold some. */
function* schemasWithin(schema: unknown): Generator<Schema> {
  if (Array.isArray(schema)) for (const one of schema) yield* schemasWithin(one);
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
  yield schema as Schema;
  const { properties, items, additionalProperties, anyOf, oneOf, allOf } = schema as Schema;
  yield* schemasWithin(Object.values((properties ?? {}) as Schema));
  yield* schemasWithin([items, additionalProperties, anyOf, oneOf, allOf].flat());
}

test("whatever a server writes: vLLM starts, no reference is left, every alternative has one type, and twice is the same as once", () => {
  fc.assert(
    fc.property(anySchema, (raw) => {
      const { schema } = inlined(JSON.stringify(raw));
      expect(schema.length).toBeLessThanOrEqual(64 * 1024);
      const shown = JSON.parse(schema) as Schema;
      expect(() => trimSchema(shown)).not.toThrow();
      expect([shown["type"], typeof shown["properties"]]).toEqual(["object", "object"]);
      expect(["anyOf", "oneOf", "allOf"].filter((key) => key in shown)).toEqual([]);
      for (const one of schemasWithin(shown)) {
        expect("$ref" in one || "$defs" in one).toBe(false);
        for (const member of [one["anyOf"] ?? [], one["oneOf"] ?? []].flat() as Schema[])
          expect([typeof member["type"], member["type"] === "null"]).toEqual(["string", false]);
      }
      expect(inline(shown)).toEqual(shown);
    }),
    { numRuns: 300 },
  );
});
