import { expect, test } from "bun:test";
import { withMeta } from "../../src/mcp/meta.ts";

test("members of _meta are added, replaced and left out, all else stays byte for byte", () => {
  expect(withMeta('{"a" : 1e400}', { k: "9007199254740993" })).toBe('{"a" : 1e400,"_meta":{"k":9007199254740993}}');
  expect(withMeta('{"_meta":{"k":1,"kept":-0},"a":1}', { k: "2" })).toBe('{"_meta":{"k":2,"kept":-0},"a":1}');
  expect(withMeta('{"_meta":{"k":1,"kept":-0},"a":1}', { k: undefined })).toBe('{"_meta":{"kept":-0},"a":1}');
});

test("a _meta of which nothing is left goes; one that is no object is replaced, or left alone", () => {
  expect(withMeta('{"_meta":{"k":1},"a":1}', { k: undefined })).toBe('{"a":1}');
  expect(withMeta('{"_meta":null}', { k: "1" })).toBe('{"_meta":{"k":1}}');
  for (const text of ['{"_meta":null}', '{ "a": 1 }']) expect(withMeta(text, { k: undefined })).toBe(text);
});
