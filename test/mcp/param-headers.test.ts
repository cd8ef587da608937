import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  decodeHeader,
  encodeHeader,
  headersFor,
  mismatchIn,
  paramHeadersIn,
  paramHeadersOf,
} from "../../src/mcp/param-headers.ts";

const string = (header: unknown) => ({ type: "string", "x-mcp-header": header });
const object = (properties: object, more: object = {}) => ({ type: "object", properties, ...more });
const declaredIn = (schema: object) => {
  const found = paramHeadersIn(schema);
  if ("invalid" in found) throw new Error(found.invalid);
  return found.declared;
};

describe("declarations", () => {
  test("are found through properties alone", () => {
    const schema = object({ a: string("A"), deep: object({ b: { type: "integer", "x-mcp-header": "B" } }), c: {} });
    expect(declaredIn(schema)).toEqual([
      { header: "A", path: ["a"] },
      { header: "B", path: ["deep", "b"] },
    ]);
  });

  test("a property that is only called so declares nothing", () => {
    expect(declaredIn(object({ "x-mcp-header": { type: "string" } }))).toEqual([]);
  });

  const wrong: [string, object][] = [
    ["an empty name", object({ a: string("") })],
    ["a name with a blank", object({ a: string("A B") })],
    ["a name with a line break", object({ a: string("A\r\nB") })],
    ["a name with a colon", object({ a: string("A:") })],
    ["a name that is no text", object({ a: string(7) })],
    ["a number", object({ a: { type: "number", "x-mcp-header": "A" } })],
    ["an object", object({ a: { type: "object", "x-mcp-header": "A" } })],
    ["no type", object({ a: { "x-mcp-header": "A" } })],
    ["the same name in another case", object({ a: string("Region"), b: string("REGION") })],
    ["under items", object({ a: { type: "array", items: string("A") } })],
    ["under oneOf", object({ a: { oneOf: [string("A")] } })],
    ["under oneOf of properties", object({ a: { oneOf: [object({ b: string("A") })] } })],
    ["under if", object({}, { if: object({ b: string("A") }) })],
    ["under $defs", object({}, { $defs: { x: string("A") } })],
    ["at the root", { type: "string", "x-mcp-header": "A" }],
  ];
  test.each(wrong)("%s makes the tool unusable", (_, schema) => {
    expect(paramHeadersIn(schema)).toHaveProperty("invalid");
    expect(paramHeadersOf(JSON.stringify({ name: "t", inputSchema: schema }))).toHaveProperty("invalid");
  });

  test("an escaped keyword is seen, and a tool without any is not parsed", () => {
    const escaped = '{"inputSchema":{"properties":{"a":{"type":"string","x\\u002dmcp\\u002dheader":"A"}}}}';
    expect(paramHeadersOf(escaped)).toEqual({ declared: [{ header: "A", path: ["a"] }] });
    expect(paramHeadersOf("no JSON at all")).toEqual({ declared: [] });
  });
});

describe("mirroring", () => {
  const declared = declaredIn(
    object({
      s: string("Text"),
      n: { type: "integer", "x-mcp-header": "Count" },
      b: { type: "boolean", "x-mcp-header": "Flag" },
      o: object({ s: string("Inner") }),
    }),
  );

  test("what is there is mirrored, what is null or missing is not", () => {
    expect(headersFor(declared, { s: "Zürich", n: -3, b: false, o: { s: " x" } })).toEqual({
      "mcp-param-text": "=?base64?WsO8cmljaA==?=",
      "mcp-param-count": "-3",
      "mcp-param-flag": "false",
      "mcp-param-inner": "=?base64?IHg=?=",
    });
    expect(headersFor(declared, { s: null, n: 2 ** 60, o: "x" })).toEqual({});
    expect(headersFor(declared, undefined)).toEqual({});
  });

  test("headers made for arguments match them, whatever they are", () => {
    const args = fc.record(
      { s: fc.string({ unit: "grapheme" }), n: fc.maxSafeInteger(), b: fc.boolean(), o: fc.record({ s: fc.string() }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(args, (value) => mismatchIn(declared, value, new Headers(headersFor(declared, value))) === undefined),
    );
  });

  const differing: [string, object, Record<string, string>][] = [
    ["is missing", { s: "a" }, {}],
    ["differs", { s: "a" }, { "Mcp-Param-Text": "b" }],
    ["differs in case", { s: "a" }, { "Mcp-Param-Text": "A" }],
    ["is there without an argument", {}, { "Mcp-Param-Text": "a" }],
    ["is there for null", { s: null }, { "Mcp-Param-Text": "a" }],
    ["is not padded", { s: "a" }, { "Mcp-Param-Text": "=?base64?YQ?=" }],
    ["holds another alphabet", { s: "a" }, { "Mcp-Param-Text": "=?base64?Y-==?=" }],
    ["is hexadecimal", { n: 42 }, { "Mcp-Param-Count": "0x2a" }],
    ["is empty for zero", { n: 0 }, { "Mcp-Param-Count": "" }],
  ];
  test.each(differing)("a header that %s is seen", (_, args, headers) => {
    expect(mismatchIn(declared, args, new Headers(headers))).toBeString();
  });

  test("integers compare by value, unknown headers are ignored, encoding is optional", () => {
    expect(mismatchIn(declared, { n: 42 }, new Headers({ "mcp-param-count": "42.0", "mcp-param-x": "y" }))).toBe(
      undefined,
    );
    expect(mismatchIn(declared, { s: "a" }, new Headers({ "mcp-param-text": "=?base64?YQ==?=" }))).toBe(undefined);
  });
});

test("a header's value comes back as it went", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (value) => decodeHeader(encodeHeader(value)) === value));
  expect(encodeHeader("=?base64?YQ==?=")).not.toBe("=?base64?YQ==?=");
});
