import { expect, test } from "bun:test";
import fc from "fast-check";
import { rankOf, readCorpus, readQueries, recallOf, shownCorpus } from "../../../bench/tool-corpus/corpus.ts";
import { indexed, indexedInTurns, indexOf } from "../../../src/mcp/budget/bm25.ts";
import { readingOf } from "../../../src/mcp/budget/phrases.ts";
import { synonymsOf } from "../../../src/mcp/budget/synonyms.ts";
import { wordsOf } from "../../../src/mcp/budget/words.ts";
import type { Shown } from "../../../src/mcp/pipeline/plugin.ts";
import { lists, queries, shown } from "./world.ts";

const corpus = shownCorpus(await readCorpus());
const asked = await readQueries();
const recallAt5 = (tools: readonly Shown[]) => {
  const index = indexOf(tools);
  return recallOf(asked.map((query) => rankOf(query, index.search(query.query, 5)))).at5;
};

test("what people want of fifteen hundred real tools is among the first five", () => {
  expect(corpus.length).toBeGreaterThanOrEqual(300);
  expect(asked.length).toBeGreaterThanOrEqual(100);
  expect(recallAt5(corpus)).toBeGreaterThanOrEqual(0.85);
}, 30_000);

test("an index that knows only names finds less than that: the bound can be missed", () => {
  expect(recallAt5(corpus.map(({ name, server }) => ({ name, server, text: "{}" })))).toBeLessThan(0.85);
}, 30_000);

test("every query names tools that there are", () => {
  const known = new Set(corpus.map(({ name, server }) => `${server}/${name.slice((server ?? "").length + 2)}`));
  expect(asked.flatMap(({ tools }) => tools.filter((tool) => !known.has(tool)))).toEqual([]);
});

test("a tool is found first by its own name", () => {
  fc.assert(
    fc.property(lists, (tools) => {
      const index = indexOf(tools);
      for (const tool of tools) expect(index.search(tool.name, 1).map((hit) => hit.tool)).toEqual([tool]);
    }),
  );
});

test("a tool that has nothing to do with it takes no hit away", () => {
  const unrelated = shown("zoo", "zzyzx", { description: "qqxv wwkk" });
  fc.assert(
    fc.property(lists, queries, (tools, query) => {
      const before = indexOf(tools).search(query);
      const after = indexOf([...tools, unrelated]).search(query);
      const names = (hits: typeof before) => hits.map((hit) => hit.tool.name);
      expect(names(after)).toEqual(expect.arrayContaining(names(before)));
    }),
  );
});

test("the same list and the same words find the same, whatever order the list has", () => {
  fc.assert(
    fc.property(lists, queries, (tools, query) => {
      const found = (of: readonly Shown[]) =>
        indexOf(of)
          .search(query)
          .map((hit) => hit.tool.name);
      expect(found(tools.toReversed()).toSorted()).toEqual(found(tools).toSorted());
      expect(found(tools)).toEqual(found(tools));
    }),
  );
});

const few = [
  shown("github", "create_issue", { description: "Opens an issue in a repository." }),
  shown("github", "listPullRequests", { description: "All of a repository." }),
  shown("files", "delete_directory", { description: "Erases it for good." }),
  shown("wiki", "seite_löschen", { description: "Löscht eine Seite." }),
  shown("shop", "订单查询", { description: "查询订单状态" }),
];
const first = (query: string) => indexOf(few).search(query, 1)[0]?.tool.name;

test("names in camelCase, other words for the same, other scripts, accents and misspellings are understood", () => {
  expect(first("pull requests")).toBe("github__listPullRequests");
  expect(first("show open PRs")).toBe("github__listPullRequests");
  expect(first("remove a folder")).toBe("files__delete_directory");
  expect(first("file a bug")).toBe("github__create_issue");
  expect(first("loschen seite")).toBe("wiki__seite_löschen");
  expect(first("查询我的订单")).toBe("shop__订单查询");
  expect(first("crete an issue in a repositroy")).toBe("github__create_issue");
  expect(first("github/create_issue")).toBe("github__create_issue");
  expect(first("")).toBeUndefined();
  expect(first("xylophone")).toBeUndefined();
  expect(first("constructor __proto__ PR")).toBe("github__listPullRequests");
});

test("words are compared without their endings", () => {
  for (const group of [
    "create creates created creating creation",
    "query queries",
    "branch branches",
    "run running runs",
  ])
    expect(new Set(wordsOf(group)).size).toBe(1);
  expect(wordsOf("getHTMLPage k8s S3 what is the API_KEY")).toEqual(["get", "html", "pag", "k8s", "s3", "api", "key"]);
  expect(synonymsOf("delet")).toContain("remov");
});

test("what is known by its shape says what kind of thing it is, and its own words nothing", () => {
  expect(wordsOf(readingOf("what's in /srv/invoices/delete.txt"))).toEqual(["fil", "path"]);
  expect(wordsOf(readingOf("https://example.com/create"))).toEqual(["url", "pag"]);
  expect(wordsOf(readingOf("move PROJ-12"))).toEqual(["mov", "issu"]);
});

test("no query takes for ever by its form", () => {
  for (const piece of ["a.", "../", "turn a ", "hand a ", "select ", "1.11,", "#a ", "a-", "a@a"])
    expect(indexOf(few).search(piece.repeat(20_000)).length).toBeLessThanOrEqual(few.length);
});

test("one list has one index", () => {
  expect(indexed(few)).toBe(indexed(few));
  expect(indexed([...few])).not.toBe(indexed(few));
});

test("an index that is built in turns is built once for all who ask meanwhile, and is the one that there is afterwards", async () => {
  const list = [...few];
  const [one, other] = await Promise.all([indexedInTurns(list), indexedInTurns(list)]);
  expect(other).toBe(one);
  expect(indexed(list)).toBe(one);
  for (const query of ["create an issue", "read a file", "nothing"])
    expect(one.search(query)).toEqual(indexOf(few).search(query));
});
