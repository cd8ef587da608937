import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Parts, ResultPlace, Wanted } from "../../../../src/mcp/pipeline/cache/cache.ts";
import { packResult, unpackResult } from "../../../../src/mcp/pipeline/results/packed.ts";
import { createResults } from "../../../../src/mcp/pipeline/results/results.ts";
import type { Section } from "../../../../src/mcp/pipeline/stage.ts";
import { place } from "../cache/fixture.ts";

const mine: ResultPlace = { principal: "alice", project: "p", source: "files/read" };
const gone = "This result is not kept, or not any more. Call the tool again without _resultId.";

const handbook: Parts = {
  original: "# Setup\nDo this.\n## Linux\nlinux text\n## Mac, Windows\nother text\n# Use\nuse text",
  by: "section",
  sections: [
    {
      id: "1",
      title: "Setup",
      content: "# Setup\nDo this.\n## Linux\nlinux text\n## Mac, Windows\nother text",
      sections: [
        { id: "1.1", title: "Linux", content: "## Linux\nlinux text" },
        { id: "1.2", title: "Mac, Windows", content: "## Mac, Windows\nother text" },
      ],
    },
    { id: "2", title: "Use", content: "# Use\nuse text" },
  ],
};

function open(at: ReturnType<typeof place>) {
  const cache = at.open();
  const results = createResults({ cache, idKey: Buffer.alloc(32, 3), clock: { now: () => at.time.now } });
  const said = (id: string, wanted: Wanted = {}, from = mine) =>
    results.read(from, id, wanted).catch((error: Error) => `! ${error.message}`);
  return { ...results, cache, said };
}

test("an id is short, and the same for the same content at the same place only", () => {
  using at = place();
  const { keep } = open(at);
  const id = keep(mine, handbook);
  expect(id).toMatch(/^r[0-9a-hjkmnp-tv-z]{8}$/);
  expect(keep(mine, handbook)).toBe(id);
  const elsewhere = [
    { ...mine, principal: "bob" },
    { ...mine, project: "q" },
    { ...mine, source: "files/list" },
  ].map((other) => keep(other, handbook));
  const ids = new Set([id, ...elsewhere, keep(mine, { ...handbook, original: "other" })]);
  expect(ids.size).toBe(5);
});

test("somebody else's, another tool's, an old one and one that never was are told the same", async () => {
  using at = place();
  const { keep, said } = open(at);
  const id = keep(mine, handbook);
  for (const other of [{ principal: "bob" }, { project: "q" }, { source: "files/list" }])
    expect(await said(id, {}, { ...mine, ...other })).toBe(`! ${gone}`);
  for (const made of ["r00000000", "", "r", "x".repeat(1_000), "../../etc/passwd", `${id}0`])
    expect(await said(made)).toBe(`! ${gone}`);
  at.time.now += 2 * 3_600_000;
  expect(await said(id)).toBe(`! ${gone}`);
});

test("it is kept for an hour since it was asked for last, and over a restart", async () => {
  using at = place();
  const first = open(at);
  const id = first.keep(mine, handbook);
  for (let n = 0; n < 6; n++) {
    at.time.now += 59 * 60_000;
    expect(await first.said(id, { section: "2" })).toBe("# Use\nuse text");
  }
  await first.cache.close();
  const second = open(at);
  at.time.now += 59 * 60_000;
  expect(await second.said(id, { section: "2" })).toBe("# Use\nuse text");
  at.time.now += 59 * 60_000;
  expect(await second.said(id, { section: "2" })).toBe("# Use\nuse text");
});

test("a model's ways of writing an id are understood", async () => {
  using at = place();
  const { keep, said } = open(at);
  const id = keep(mine, handbook);
  for (const spelt of [id.toUpperCase(), ` ${id} `, `"${id}"`, id.replaceAll("0", "o").replaceAll("1", "l")])
    expect(await said(spelt, { section: "2" })).toBe("# Use\nuse text");
});

const index = `The sections to ask for with _section:
1: Setup (63 characters)
1.1: Linux (19 characters)
1.2: Mac, Windows (26 characters)
2: Use (14 characters)`;

test.each<[what: string, wanted: Wanted, text: string]>([
  ["a section", { section: "1.1" }, "## Linux\nlinux text"],
  ["as it may be written", { section: " Section 1.1. " }, "## Linux\nlinux text"],
  ["in brackets", { section: "[2]" }, "# Use\nuse text"],
  ["by its title", { section: "LINUX" }, "## Linux\nlinux text"],
  ["by a title with a comma", { section: "Mac, Windows" }, "## Mac, Windows\nother text"],
  ["with parts, its own text", { section: "1" }, handbook.sections[0]?.content ?? ""],
  ["several", { section: "2, 1.1,2" }, "[2] Use\n# Use\nuse text\n\n[1.1] Linux\n## Linux\nlinux text"],
  [
    "one that is not there beside one that is",
    { section: "2,9" },
    "[2] Use\n# Use\nuse text\n\nSome of the sections that were asked for do not exist.",
  ],
  ["everything", { page: "all" }, handbook.original],
  ["everything, the other way", { section: "ALL" }, handbook.original],
  ["a page where there are sections", { page: "2" }, "# Use\nuse text"],
  ["neither", {}, index],
  ["nothing at all", { section: " ", page: "" }, index],
  ["none of them", { section: "7" }, `! There is no such section in this result. ${index}`],
  ["only a comma", { section: "," }, `! There is no such section in this result. ${index}`],
])("asked for %s", async (_, wanted, text) => {
  using at = place();
  const { keep, said } = open(at);
  expect(await said(keep(mine, handbook), wanted)).toBe(text);
});

test("what is said of a result with very many and very long parts is bounded, a part is given whole", async () => {
  using at = place();
  const { keep, said } = open(at);
  const content = "x".repeat(30_000);
  const inner = [{ id: "1.1", title: "Inner", content: "inner" }];
  const sections: Section[] = [{ id: "1", title: "t\n".repeat(5_000), content, sections: inner }];
  for (let n = 2; n < 3_000; n++)
    sections.push({ id: `${n}`, title: `Page ${n}`, content: n < 20 ? content : "short" });
  const id = keep(mine, { original: "original", sections, by: "page" });
  expect(await said(id, { page: "2" })).toBe(content);
  expect(await said(id, { page: "1" })).toContain("1.1: Inner (5 characters)");
  for (const wanted of [{}, { page: "99999" }]) {
    const text = await said(id, wanted);
    expect(text).toContain("and 2900 more");
    expect(text.length).toBeLessThan(6_000);
  }
  const several = await said(id, { page: Array.from({ length: 5_000 }, (_, n) => n + 2).join() });
  expect(several.length).toBeLessThan(110_000);
  expect(several).toContain("At most 10 pages are given at once.\n\nToo long to be given at once: ask for 5, 6,");
});

test("the oldest of a caller go first, beyond 64 or too much in all, and nobody else's", async () => {
  using at = place();
  const { keep, said } = open(at);
  const part = (n: number | string, length = 10) => ({ ...handbook, original: `${n}`.padEnd(length, "x") });
  const bobs = keep({ ...mine, principal: "bob" }, part("bob"));
  const ids = Array.from({ length: 64 }, (_, n) => keep(mine, part(n)));
  expect(await said(ids[0] ?? "", { page: "all" })).toStartWith("0x");
  keep(mine, part(64));
  expect(await said(ids[0] ?? "")).toBe(`! ${gone}`);
  expect(await said(ids[1] ?? "", { page: "all" })).toStartWith("1x");
  expect(await said(bobs, { page: "all" }, { ...mine, principal: "bob" })).toStartWith("bob");
});

test("a result too long for the cache is kept in memory, beside others up to a bound, and is gone after a restart", async () => {
  using at = place();
  const { keep, said, cache } = open(at);
  const filler = "x".repeat(17 * 1024 * 1024);
  const long = (n: number) => ({ ...handbook, sections: [], original: `${n}${filler}` });
  const ids = [1, 2, 3, 4].map((n) => keep({ ...mine, principal: `u${n}` }, long(n)));
  const read = async (n: number) =>
    (await said(ids[n - 1] ?? "", { page: "all" }, { ...mine, principal: `u${n}` })).slice(0, 3);
  expect(await Promise.all([1, 2, 3, 4].map(read))).toEqual(["! T", "2xx", "3xx", "4xx"]);
  await cache.close();
  const restarted = open(at);
  expect(await restarted.said(ids[3] ?? "", {}, { ...mine, principal: "u4" })).toBe(`! ${gone}`);
});

test("any parts come back as they were, and what stands in the original is not kept twice", () => {
  const { tree } = fc.letrec<{ tree: Section }>((tie) => ({
    tree: fc.record(
      {
        id: fc.string(),
        title: fc.string(),
        content: fc.oneof(fc.string(), fc.constantFrom("aa", "", "b\n")),
        sections: fc.array(tie("tree"), { minLength: 1, maxLength: 3, depthIdentifier: "s" }),
      },
      { requiredKeys: ["id", "title", "content"] },
    ),
  }));
  fc.assert(
    fc.property(fc.string(), fc.array(tree, { maxLength: 4 }), fc.boolean(), (head, sections, isPaged) => {
      const original = head + sections.map(({ content }) => content).join("\n");
      const parts: Parts = { original, sections, by: isPaged ? "page" : "section" };
      expect(unpackResult(packResult(parts, 5))).toEqual({ at: 5, parts });
    }),
  );
  const original = Array.from({ length: 1_000 }, (_, n) => `line ${n}`).join("\n");
  const pages = original.match(/[\s\S]{1,500}/g) ?? [];
  const sections = pages.map((content, n) => ({ id: `${n + 1}`, title: "", content }));
  expect(packResult({ original, sections, by: "page" }, 0).length).toBeLessThan(original.length + pages.length * 40);
});
