import { expect, test } from "bun:test";
import fc from "fast-check";
import { exposedName, qualifiedUri, unqualifiedUri } from "../../src/mcp/catalog/names.ts";

const server = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
/** Any UTF-16 at all; fast-check's own text of this kind takes seconds to begin. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 1, maxLength: 200 })
  .map((units) => String.fromCharCode(...units));

test("a plain name shows its server and stays short", () => {
  expect(exposedName("files", "read_file")).toBe("files__read_file");
});

test("whatever servers call their tools, clients see what every client accepts", () => {
  fc.assert(
    fc.property(server, anyText, (name, tool) => {
      expect(exposedName(name, tool)).toMatch(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
    }),
  );
});

test("two different tools never share an exposed name", () => {
  const tool = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.constantFrom("a.b", "a_b", "a/b", "x".repeat(70), "x".repeat(71)),
  );
  fc.assert(
    fc.property(server, tool, server, tool, (s1, t1, s2, t2) => {
      fc.pre(s1 !== s2 || t1 !== t2);
      expect(exposedName(s1, t1)).not.toBe(exposedName(s2, t2));
    }),
  );
});

test("names are pinned: a release that changes them breaks every client's saved permissions", () => {
  expect(exposedName("9lives", "go")).toBe("lives__go_43adb013");
  expect(exposedName("git", "repo.list")).toBe("git__repo_list_65be9879");
});

/** Whatever stands in one; fast-check's own URLs take seconds to begin. */
const uris = fc
  .tuple(
    fc.constantFrom("https", "file", "ui", "x+y.z"),
    fc.array(fc.constantFrom(..."aZ/:%#?&=@ ä😀|", "%2F", "%", "://")),
  )
  .map(([scheme, rest]) => `${scheme}://${rest.join("")}x`);

test("a qualified URI leads back to its server and its own URI", () => {
  fc.assert(
    fc.property(server, uris, (name, uri) => {
      expect(unqualifiedUri(qualifiedUri(name, uri))).toEqual({ server: name, uri });
    }),
  );
  expect(unqualifiedUri("file:///x")).toBeUndefined();
  expect(unqualifiedUri("mcpctl://x/%")).toBeUndefined();
});
