import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Format, formatOf, merged, without } from "../../../src/client/clients/document/document.ts";

const value = { type: "http", url: "http://x/y", headers: { Authorization: "Bearer t" }, list: ["a"] };
const said = (text: string) => text.match(/c, \}|# c/g)?.length ?? 0;

/** In, and out again: what is left says what was there, and every comment. */
function goesInAndOut(format: Format, text: string, at: readonly string[]): void {
  const now = merged(format, text, [{ at, value }], "f");
  expect(merged(format, now, [{ at, value }], "f")).toBe(now);
  const back = without(format, now, at, "f");
  expect([said(now), said(back)]).toEqual([said(text), said(text)]);
  // An empty map may be left, where there was none or nothing in it.
  const [first = ""] = at;
  const rest = (one: string) => {
    const read = { ...(format.read(one) as Record<string, unknown> | null) };
    return { ...read, [first]: read[first] ?? {} };
  };
  expect(rest(back)).toEqual(rest(text));
}

/** Blanks and comments where JSON takes them. */
const gap = fc.constantFrom("", " ", "\n", "\n  ", " // c, }\n", " /* c, } */ ", "\r\n\t");
const scalar = fc.constantFrom("1", "null", "1e3", '"a"', '"// no"', '"{"', '"x, y"', "[]", "{}");
const joined = (open: string, close: string, item: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(fc.tuple(gap, item, gap), { maxLength: 3 }), fc.boolean(), gap)
    .map(
      ([items, comma, end]) =>
        open + items.map((parts) => parts.join("")).join(",") + (comma && items.length > 0 ? "," : "") + end + close,
    );
const keyed = (name: string, inner: fc.Arbitrary<string>) =>
  fc.tuple(gap, gap, inner).map(([a, b, text]) => `"${name}"${a}:${b}${text}`);
const servers = joined("{", "}", fc.oneof(keyed("s0", scalar), keyed("s1", joined("{", "}", keyed("k", scalar)))));
const documents = fc
  .tuple(gap, keyed("a", joined("[", "]", scalar)), fc.option(keyed("mcpServers", servers)), keyed("z", scalar), gap)
  .map(([start, a, own, z, end]) => `${start}{${[a, ...(own === null ? [] : [own]), z].join(`${end},`)}${end}}`);

describe("a value is put in and taken out, however the rest is written", () => {
  test("JSON", async () => {
    const json = await formatOf("json");
    fc.assert(
      fc.property(documents, (text) => goesInAndOut(json, text, ["mcpServers", "demo"])),
      { numRuns: 150 },
    );
  });

  test.each([
    ["nothing", ""],
    ["a comment", "# c\n"],
    ["an empty map with a word on it", "a: 1\nextensions: {} # c\nz: 2\n"],
    ["nothing in it", "extensions: # c\nz: 1\n"],
    ["a map in one line", "extensions: {s: {a: 1}, t: 2} # c\n"],
    ["lists that are not indented", "a:\n- 1\n# c\n- 2\nextensions:\n  s:\n  - 1\n  # c\nz: 1\n"],
    [
      "blocks of text",
      "extensions:\n    s: |\n        extensions:\n        demo: 1\n\n    t: >-\n        x # no\n# c\nz: 1",
    ],
    ["lines as Windows ends them", "a: 1\r\nextensions:\r\n  s: 1 # c\r\n\r\n# c\r\nz: 1\r\n"],
    ["quoted keys", '\'a b\': 1\n"extensions":\n  "s": 1 # c\n'],
  ])("YAML: %s", async (_what, text) => {
    goesInAndOut(await formatOf("yaml"), text, ["extensions", "demo"]);
    if (text.includes("\r"))
      expect(merged(await formatOf("yaml"), text, [{ at: ["extensions", "demo"], value }], "f")).not.toMatch(/[^\r]\n/);
  });

  test.each([
    ["nothing", ""],
    ["only keys", "# c\na = 1\n[b]\nc = 2 # c"],
    [
      "tables around and below",
      "[mcp_servers.s]\nu = 1\n[mcp_servers.s.env]\nA = 'x'\n\n# c\n[[z]]\na = [\n  1, # c\n]\n",
    ],
    ["a header in a text", 'a = """\n[mcp_servers.s]\n"""\n[mcp_servers."s t"]\nb = 1 # c\n'],
    ["lines as Windows ends them", "a = 1\r\n\r\n[mcp_servers.s] # c\r\nu = 1\r\n"],
  ])("TOML: %s", async (_what, text) => goesInAndOut(await formatOf("toml"), text, ["mcp_servers", "demo"]));
});

test("TOML: a table is replaced with those below it, and the comment of the next stays with the next", async () => {
  const toml = await formatOf("toml");
  const text = "[mcp_servers.demo]\nu = 1\n[mcp_servers.demo.env]\nA = 'x'\n\n# c\n[z]\n";
  const now = merged(toml, text, [{ at: ["mcp_servers", "demo"], value: { url: 'a"b' } }], "f");
  expect(now).toBe('[mcp_servers.demo]\nurl = "a\\"b"\n\n# c\n[z]\n');
});
