import { expect, test } from "bun:test";
import fc from "fast-check";
import { didYouMean, nearest } from "../../src/lib/nearest.ts";
import { parseDocuments, toYaml } from "../../src/lib/yaml.ts";

test("documents are told apart, and empty ones are none", () => {
  const text = "# a comment\n---\na: 1\n---\n\n---\nb: |\n  text\n  --- not a marker\n...\n";
  expect(parseDocuments(text, "x.yaml").map(({ value }) => value)).toEqual([
    { a: 1 },
    { b: "text\n--- not a marker\n" },
  ]);
});

test("broken YAML names file and document", () => {
  expect(() => parseDocuments("a: 1\n---\nb: [\n", "stack.yaml")).toThrow(
    "stack.yaml, document 2: this is not valid YAML",
  );
});

test("JSON is YAML, and what is printed is read back", () => {
  expect(parseDocuments('{"a":[1,"x"]}', "-")[0]?.value).toEqual({ a: [1, "x"] });
  const value = { on: "yes", no: "no", version: "1.0", list: ["a: b", "- c"], text: "two\nlines\n", nothing: "null" };
  expect(parseDocuments(toYaml(value), "-")[0]?.value).toEqual(value);
});

test("the nearest word is offered when one is near", () => {
  expect(nearest("srever", ["server", "project"])).toBe("server");
  expect(nearest("gte", ["get", "create"])).toBe("get");
  expect(nearest("zebra", ["server", "project"])).toBeUndefined();
  expect(nearest("timeout", ["tool", "timeoutSeconds"])).toBe("timeoutSeconds");
  expect(nearest("--memroy", ["--memory-mib", "--cpus"])).toBe("--memory-mib");
  expect(nearest("cat", ["cut-file", "catalog"])).toBeUndefined();
  expect(didYouMean("aply", ["apply"])).toBe(' Did you mean "apply"?');
});

test.each([
  ["a thousand million laughs", laughs(9), "this is not valid YAML"],
  [
    "a long text a million times",
    `t: &t ${"x".repeat(200_000)}\nall: [${Array(400).fill("*t").join(",")}]`,
    "its aliases",
  ],
  ["what stands in itself", "a: &a\n  b: *a\n", "its aliases make more of it than there is room for"],
])("%s is refused before anybody writes it out", (_, text, why) => {
  expect(() => parseDocuments(text, "file")).toThrow(`file, document 1: ${why}`);
});

test("aliases that share something are taken", () => {
  expect(parseDocuments("a: &a [1, 2]\nb: *a\nc: {d: *a}", "file")[0]?.value).toEqual({
    a: [1, 2],
    b: [1, 2],
    c: { d: [1, 2] },
  });
});

function laughs(deep: number): string {
  const ten = (item: string) => `[${Array(10).fill(item).join(",")}]`;
  return [
    `x0: &x0 ${ten("ha")}`,
    ...Array.from({ length: deep }, (_, i) => `x${i + 1}: &x${i + 1} ${ten(`*x${i}`)}`),
  ].join("\n");
}

test("texts of several lines can be read as such", () => {
  const value = { content: "# Hi\n\n--- two\n", list: [{ a: "x\n  y", b: 1 }] };
  const text = toYaml(value);
  expect(text).toBe("content: |\n  # Hi\n\n  --- two\nlist:\n  - a: |-\n      x\n        y\n    b: 1\n");
  expect(parseDocuments(text, "-")[0]?.value).toEqual(value);
});

test("whatever is written is read back as it was", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom("", "a", "  b", "# c", "---", "--- d", "- e", "f: g", "\t", "...", "|", "h ", "%x", "\\", "&a *b"),
  );
  const text = fc.array(line).map((lines) => lines.join("\n"));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      text,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b-c", "x y"), tie("value"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, (inner) => {
      expect(parseDocuments(toYaml({ inner }), "-")[0]?.value).toEqual({ inner });
    }),
    { numRuns: 300 },
  );
});
