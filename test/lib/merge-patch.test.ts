import { expect, test } from "bun:test";
import { merged } from "../../src/lib/merge-patch.ts";

/** RFC 7396, appendix A: original, patch, result. */
test.each([
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
] as [unknown, unknown, unknown][])("%j with %j", (original, patch, result) => {
  expect(merged(original, patch)).toEqual(result as never);
});

test("a member named __proto__ is a member, and changes nothing else", () => {
  const result = merged({}, JSON.parse('{"__proto__": {"admin": true}}')) as Record<string, unknown>;
  expect(Object.keys(result)).toEqual(["__proto__"]);
  expect(result["admin"]).toBeUndefined();
});
