import { expect, test } from "bun:test";
import { decode } from "@toon-format/toon";
import fc from "fast-check";
import { aboutOf, pipelineOf, runnerOf } from "../stage-bench.ts";

const runner = runnerOf();
const ran = async (stage: [string, Record<string, unknown>], text: string) =>
  (await runner.run(pipelineOf(stage), text, aboutOf())).content;

test.each([
  [
    ["total", "items[].name"],
    '{"total": 3, "x": 1, "items": [{"name": "a", "id": 1}, {"id": 2}, {"name":null}]}',
    '{"total":3,"items":[{"name":"a"},{"name":null}]}',
  ],
  [["id"], '[{"id": 90071992547409931234, "n": 1}, {"id": 1.50}]', '[{"id":90071992547409931234},{"id":1.50}]'],
  [["a.b[].c", "a.d"], '{"a":{"b":[{"c":{"x":[1, 2]},"y":0}],"d":-0}}', '{"a":{"b":[{"c":{"x":[1, 2]}}],"d":-0}}'],
  [["a"], '{"a":1,"b":2}\n{"a":3}', '{"a":1}\n{"a":3}'],
  [["[].a"], '[{"a":"\\u00e9","b":2}]', '[{"a":"\\u00e9"}]'],
  [["nothing"], '{"a":1}', '{"a":1}'],
  [["a"], "no JSON {", "no JSON {"],
  [["a"], '{"a":1} and more', '{"a":1} and more'],
  [[], '{"a":1}', '{"a":1}'],
])("json-project keeps %j", async (fields, text, expected) => {
  expect(await ran(["json-project", { fields }], text)).toBe(expected);
});

const cell = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("true", "1", "-", " a", "a,b", "#", "[1]:", "é", "null", "x: y", ""),
);
const rows = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 })
  .chain((keys) =>
    fc.array(fc.record(Object.fromEntries(keys.map((key) => [key, cell]))), { minLength: 2, maxLength: 20 }),
  );

test("a table reads back equal, and is shorter", async () => {
  let tables = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(rows, fc.record({ total: fc.integer(), items: rows, more: fc.jsonValue() })),
      async (value) => {
        const text = JSON.stringify(value);
        const written = await ran(["toon", { over: 0 }], text);
        if (written === text) return;
        tables++;
        expect(written.length).toBeLessThan(text.length);
        expect(decode(written) as unknown).toEqual(JSON.parse(text));
      },
    ),
    { numRuns: 400 },
  );
  expect(tables).toBeGreaterThan(20);
});

test.each([
  ['[{"id":90071992547409931234,"name":"aaaaaaaa"},{"id":90071992547409931235,"name":"aaaaaaaa"}]'],
  ['[{"__proto__":1,"name":"aaaaaaaaaaa"},{"__proto__":2,"name":"aaaaaaaaaaaa"}]'],
  ['[{"a":-0,"name":"aaaaaaaaaaa"},{"a":1e400,"name":"aaaaaaaaaaaa"}]'],
  ['[{"name":"\\ud800aaaaaaaaaaa"},{"name":"aaaaaaaaaaaaaaaaaaa"}]'],
  ['[{"a":1,"a":2,"name":"aaaaaaaaaaa"},{"a":1,"name":"aaaaaaaaaaaa"}]'],
  ['{"a":{"b":1},"c":"there is no table in it at all"}'],
])("what a table would lose stays JSON: %s", async (text) => {
  expect(await ran(["toon", { over: 0 }], text)).toBe(text);
});
