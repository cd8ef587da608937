import { expect, test } from "bun:test";
import fc from "fast-check";
import { createAllowance } from "../../../src/mcp/gate/allowance.ts";
import { deliver } from "../../../src/mcp/gate/delivery.ts";
import { rank } from "../../../src/mcp/gate/matching.ts";
import { keywordsIn, stemOf, wordsIn } from "../../../src/mcp/gate/words.ts";
import type { Shelved } from "../../../src/mcp/prompts/shelf.ts";
import { silentLog } from "../../log.ts";

const prompt = (name: string, more: Partial<Shelved> = {}): Shelved => ({
  id: name,
  name,
  project: "demo",
  priority: 5,
  description: undefined,
  summary: "",
  chapters: [],
  bytes: 10,
  link: undefined,
  ...more,
});
const order = (prompts: Shelved[], ...tags: string[]) =>
  rank(prompts, tags).flatMap(({ prompt: { name }, score }) => (score > 0 ? [name] : []));

test.each([
  ["deploys", "deployed"],
  ["servers", "server"],
  ["running", "run"],
  ["policies", "policy"],
  ["classes", "class"],
  ["rechnungen", "rechnung"],
  ["hauser", "haus"],
  ["konfigurationen", "konfiguration"],
])("%s and %s are one word", (a, b) => {
  expect(stemOf(a)).toBe(stemOf(b));
});

test("words of any writing are found, without accents, and what says nothing is left out", () => {
  expect(wordsIn("createIssue read_file2 HTTP-Header")).toEqual(["create", "issue", "read", "file2", "http", "header"]);
  expect(keywordsIn("Please fix the Überlauf in der Straße, it is für Größe 2", 20)).toEqual([
    "fix",
    "uberlauf",
    "strasse",
    "grosse",
  ]);
  expect(keywordsIn("Настроить сервер и 配置服务器 ทดสอบ", 20)).toEqual(
    expect.arrayContaining(["настроить", "сервер", "配置", "务器"]),
  );
  expect(keywordsIn("", 5)).toEqual([]);
});

test("a tag counts by where it stands and how rare it is", () => {
  const shelf = [
    prompt("release", { summary: "How versions are published" }),
    prompt("style", { description: "The code's style, with a note on releases" }),
    prompt("ops", { chapters: [{ title: "Rollback", summary: "what to do when a deployment fails" }] }),
    prompt("other", { head: "Anything else about code" }),
  ];
  expect(order(shelf, "releases")).toEqual(["release", "style"]);
  expect(order(shelf, "deploy")).toEqual(["ops"]);
  expect(order(shelf, "rollback", "code")[0]).toBe("ops");
  expect(order(shelf, "nothing of it")).toEqual([]);
});

test("priority weighs, 10 comes first, and ties go by priority, then by name", () => {
  const same = { summary: "about databases" };
  const shelf = [
    prompt("b", same),
    prompt("a", same),
    prompt("c", { ...same, priority: 9 }),
    prompt("z", { priority: 10 }),
    prompt("y", { priority: 1 }),
    prompt("x", { priority: 2 }),
  ];
  expect(rank(shelf, ["database"]).map(({ prompt: { name } }) => name)).toEqual(["z", "c", "a", "b", "x", "y"]);
});

const word = fc.constantFrom("deploy", "database", "style", "release", "tests", "security", "backup", "größe", "配置");
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(" "));
const shelved = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[a-z]{1,6}$/),
      priority: fc.integer({ min: 1, max: 10 }),
      description: fc.option(text, { nil: undefined }),
      summary: text,
      bytes: fc.integer({ min: 0, max: 2_000 }),
      state: fc.constantFrom("own", "own", "dead", "unreadable", "longer"),
    }),
    { selector: ({ name }) => name, maxLength: 12 },
  )
  .map((all) =>
    all.map(({ state, ...one }) =>
      prompt(one.name, {
        ...one,
        ...(state === "dead" ? { link: { target: "x", state: "dead" as const } } : {}),
        head: state,
      }),
    ),
  );
const tags = fc.array(word, { maxLength: 5 });

/** Delivers as the gate does; a text may be longer than it was said to be, or not be there. */
async function delivered(prompts: readonly Shelved[], asked: readonly string[], budget: number) {
  const ranked = rank(prompts, asked);
  const fitting = new Set(ranked.flatMap(({ prompt: { name }, score }) => (score > 0 ? [name] : [])));
  const claims = new Set<string>();
  const { whole, rest } = await deliver({
    prompts: ranked.map((one) => one.prompt),
    isWanted: ({ name, priority }) => priority === 10 || fitting.has(name),
    allowance: createAllowance(budget),
    firstFits: false,
    claim: (name) => !claims.has(name) && claims.add(name).size > 0,
    release: (name) => void claims.delete(name),
    async read(name) {
      const one = prompts.find((candidate) => candidate.name === name);
      if (one?.head === "unreadable") throw new Error("gone");
      return "x".repeat((one?.bytes ?? 0) + (one?.head === "longer" ? 100 : 0));
    },
    ms: 1_000,
    log: silentLog,
  });
  return { whole, rest, claims };
}

test("every prompt is either delivered or in the index, and only those of priority 10 go over the budget", async () => {
  await fc.assert(
    fc.asyncProperty(shelved, tags, fc.integer({ min: 0, max: 6_000 }), async (prompts, asked, budget) => {
      const { whole, rest, claims } = await delivered(prompts, asked, budget);
      const names = [...whole.map(({ name }) => name), ...rest.map(({ prompt: { name } }) => name)];
      expect(names.toSorted()).toEqual(prompts.map(({ name }) => name).toSorted());
      expect([...claims].toSorted()).toEqual(whole.map(({ name }) => name).toSorted());
      const isAlways = (name: string) => prompts.find((one) => one.name === name)?.priority === 10;
      const ordinary = whole.filter(({ name }) => !isAlways(name));
      const sum = (some: typeof whole) => some.reduce((bytes, one) => bytes + one.text.length, 0);
      if (ordinary.length > 0) expect(sum(whole)).toBeLessThanOrEqual(budget);
      for (const { name, link, head, priority } of prompts)
        if (priority === 10 && link === undefined && head !== "unreadable")
          expect(whole.map((one) => one.name)).toContain(name);
    }),
    { numRuns: 300 },
  );
});

test("a higher priority never comes later, nor is it delivered less", async () => {
  await fc.assert(
    fc.asyncProperty(
      shelved,
      tags,
      fc.integer({ min: 0, max: 6_000 }),
      fc.nat(),
      async (prompts, asked, budget, at) => {
        const chosen = prompts[at % Math.max(1, prompts.length)];
        if (chosen === undefined || chosen.priority === 10) return;
        const raised = prompts.map((one) => (one === chosen ? { ...one, priority: one.priority + 1 } : one));
        const placeIn = (some: readonly Shelved[]) =>
          rank(some, asked).findIndex(({ prompt: { id } }) => id === chosen.id);
        expect(placeIn(raised)).toBeLessThanOrEqual(placeIn(prompts));
        const isIn = async (some: readonly Shelved[]) =>
          (await delivered(some, asked, budget)).whole.some(({ name }) => name === chosen.name);
        if (await isIn(prompts)) expect(await isIn(raised)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

test("the order does not depend on the order in which prompts or tags come", () => {
  fc.assert(
    fc.property(shelved, tags, (prompts, asked) => {
      const names = (some: readonly Shelved[], by: readonly string[]) =>
        rank(some, by).map(({ prompt: { name } }) => name);
      expect(names(prompts.toReversed(), asked)).toEqual(names(prompts, asked));
    }),
  );
});

test("what is always delivered is bounded too", () => {
  const allowance = createAllowance(16_384);
  expect([allowance.take(10, 200_000), allowance.take(10, 62_144), allowance.take(10, 1)]).toEqual([true, true, false]);
  expect(createAllowance(1_048_576).fits(10, 4_194_304)).toBe(true);
});
