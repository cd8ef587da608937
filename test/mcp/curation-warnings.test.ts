import { expect, test } from "bun:test";
import { curationWarnings } from "../../src/mcp/catalog/curation-warnings.ts";
import type { Curation } from "../../src/resources/project.ts";

const list = (...tools: [key: string, inputSchema: object][]) => ({
  tools: tools.map(([key, inputSchema]) => ({ key, text: JSON.stringify({ name: key, inputSchema }) })),
});
const echo = { type: "object", properties: { text: {} } };
const told = (curation: Omit<Curation, "server">, ...lists: ReturnType<typeof list>[]) =>
  curationWarnings({ server: "s", ...curation }, lists).map((text) => text.replace('server "s": ', ""));

test("what matches nothing is told of, each by its field", () => {
  const curation = {
    allow: ["echo", "e*o", "*", "ecko", "x*"],
    deny: ["echo", "delet_*"],
    rename: { echo: "say", nope: "x" },
    describe: { echo: "Ours", constructor: "x" },
    arguments: { echo: { text: 1, missing: 1 }, none: { a: 1 } },
  };
  expect(told(curation, list(["echo", echo]))).toEqual([
    'allow "ecko" matches none of its tools',
    'allow "x*" matches none of its tools',
    'deny "delet_*" matches none of its tools',
    'rename "nope": it has no such tool',
    'describe "constructor": it has no such tool',
    'arguments "none": it has no such tool',
    'arguments "echo": the tool takes no "missing"',
  ]);
});

test("of a server whose lists are not known nothing is said; one that offers nothing is known", () => {
  expect(told({ deny: ["x"] })).toEqual([]);
  expect(told({ deny: ["x"] }, list())).toHaveLength(1);
});

test("what is offered to more able clients alone is known too", () => {
  const curation = { deny: ["ask"], arguments: { echo: { more: 1 } } };
  const able = list(["ask", echo], ["echo", { ...echo, properties: { more: {} } }]);
  expect(told(curation, list(["echo", echo]))).toHaveLength(2);
  expect(told(curation, list(["echo", echo]), able)).toEqual([]);
});

test.each([
  ["nothing else", { properties: {} }, true],
  ["nothing at all", { additionalProperties: false }, true],
  ["what it does not say", {}, false],
  ["others", { properties: {}, additionalProperties: true }, false],
  ["others of a schema", { properties: {}, additionalProperties: { type: "string" } }, false],
  ["others by pattern", { properties: {}, patternProperties: { x: {} } }, false],
  ["what stands elsewhere", { properties: {}, allOf: [{ properties: { a: {} } }] }, false],
])("a schema that takes %s", (_what, schema, isTold) => {
  expect(told({ arguments: { t: { a: 1 } } }, list(["t", { type: "object", ...schema }]))).toHaveLength(isTold ? 1 : 0);
});

test("after twenty it is enough", () => {
  expect(told({ deny: Array.from({ length: 1_000 }, (_, n) => `no-${n}`) }, list())).toHaveLength(20);
});
