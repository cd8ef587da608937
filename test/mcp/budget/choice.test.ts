import { expect, test } from "bun:test";
import fc from "fast-check";
import { readCorpus, shownCorpus } from "../../../bench/tool-corpus/corpus.ts";
import type { Llm } from "../../../src/llm/llm.ts";
import { budgetOf, budgetStatus, createBudget } from "../../../src/mcp/budget/budget.ts";
import { planList } from "../../../src/mcp/budget/choice.ts";
import { costOfAll } from "../../../src/mcp/budget/cost.ts";
import { shownSearchTools } from "../../../src/mcp/budget/search-tools.ts";
import { tokensIn } from "../../../src/mcp/budget/tokens.ts";
import type { Shown } from "../../../src/mcp/pipeline/plugin.ts";
import { contextFor, lists, queries, shown } from "./world.ts";

const corpus = shownCorpus(await readCorpus());
/** Enough to be too much, and quick to be indexed. */
const many = corpus.filter(({ server }) =>
  ["github", "slack", "trello", "notion", "playwright"].includes(server ?? ""),
);
const github = corpus.filter(({ server }) => server === "github");
const searches = shownSearchTools.map(({ name }) => name);
const names = (tools: readonly Shown[]) => tools.map(({ name }) => name);

test("nothing changes without a budget, nor by auto without an LLM that tells its context", () => {
  expect(planList({ tools: corpus, budget: "off", contextTokens: 8192 }).shown).toBe(corpus);
  expect(planList({ tools: corpus, budget: "auto" })).toMatchObject({ mode: "plain", budget: undefined });
  expect(planList({ tools: corpus, budget: "auto" }).shown).toBe(corpus);
});

test("a list that fits is plain, one that does not is searched", () => {
  const cost = costOfAll(github);
  expect(planList({ tools: github, budget: cost }).mode).toBe("plain");
  const plan = planList({ tools: github, budget: cost - 1 });
  expect(plan.mode).toBe("search");
  expect(names(plan.shown)).toEqual(searches);
  expect(plan.tokens).toEqual({ whole: cost, shown: costOfAll(shownSearchTools) });
});

test("auto goes by the context: a small one searches where a large one shows all", () => {
  const at = (contextTokens: number) => planList({ tools: github, budget: "auto", contextTokens });
  expect(at(8192)).toMatchObject({ mode: "search", budget: 2400 });
  expect(at(131_072)).toMatchObject({ mode: "plain", budget: 19_660 });
  expect(at(4096).budget).toBe(1228);
});

test("what the session is for comes within the budget, then what searches for the rest", () => {
  const {
    mode,
    shown: list,
    tokens,
    budget,
  } = planList({ tools: many, budget: 3000, hints: ["github", "review a pull request"] });
  expect(mode).toBe("filtered");
  expect(names(list)).toContain("github__create_pull_request_review");
  expect(names(list).slice(-3)).toEqual(searches);
  expect(tokens.shown).toBeLessThanOrEqual(budget ?? 0);
});

test("tools that were used before come first where there is room for few", () => {
  const { shown: list } = planList({
    tools: many,
    budget: 600,
    hints: ["trello cards"],
    used: new Set(["slack__slack_get_users"]),
  });
  expect(names(list)).toContain("slack__slack_get_users");
});

test("own tools are always shown and counted", () => {
  const own = shown(undefined, "read_prompts", { description: "Reads prompts" });
  const plan = planList({ tools: [own, ...many], budget: 500 });
  expect(names(plan.shown)).toEqual(["read_prompts", ...searches]);
  expect(plan.tokens.shown).toBe(costOfAll([own, ...shownSearchTools]));
});

test("a server's tool keeps its name: then nothing is searched", () => {
  const taken = { ...shown("mine", "x"), name: "call_tool" };
  expect(planList({ tools: [taken, ...many], budget: 500 })).toMatchObject({ mode: "plain" });
});

test("no plan shows what the list does not have, twice, in another order, or beyond the budget", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 100, max: 2000 }), fc.array(queries), (tools, budget, hints) => {
      const plan = planList({ tools, budget, hints });
      const servers = plan.shown.filter(({ server }) => server !== undefined);
      expect(servers).toEqual(tools.filter((tool) => servers.includes(tool)));
      expect(new Set(names(plan.shown)).size).toBe(plan.shown.length);
      expect(plan.tokens.shown).toBeLessThanOrEqual(Math.max(budget, costOfAll(shownSearchTools)));
      expect(plan).toEqual(planList({ tools: [...tools], budget, hints: [...hints] }));
    }),
  );
});

const llm = (contextTokens: () => Promise<number | undefined>) => ({ contextTokens }) as unknown as Llm;

test("a caller keeps its list until what it is for, or the list, is another", async () => {
  const budget = createBudget();
  const { context, registered } = contextFor([], { llm: llm(async () => 8192) });
  const plan = () => budget.planFor(context, many, { toolBudget: "auto" });
  const first = await plan();
  expect(first?.mode).toBe("search");
  expect(names(registered.map((tool) => ({ ...tool, server: undefined, text: "" })))).toEqual(searches);
  budget.used("caller", "slack__slack_get_users");
  expect(await plan()).toBe(first);
  budget.begin("caller", ["github pull requests"]);
  const second = await plan();
  expect(second?.mode).toBe("filtered");
  expect(names(second?.shown ?? [])).toContain("slack__slack_get_users");
  expect(await plan()).toBe(second);
  budget.end("caller");
  expect((await plan())?.mode).toBe("search");
});

test("what one caller began with narrows no other's list", async () => {
  const budget = createBudget();
  budget.begin("caller", ["github pull requests"]);
  const { context } = contextFor([], { identity: { id: "other", isSession: false } });
  expect((await budget.planFor(context, many, { toolBudget: "3000" }))?.mode).toBe("search");
});

test("a list that is made anew for each request is planned once, and the tools that search stand in it once", async () => {
  const budget = createBudget();
  const { context, registered } = contextFor([]);
  const listed = () => [...registered.map(({ name }) => shown(undefined, name)), ...many.map((tool) => ({ ...tool }))];
  const first = await budget.planFor(context, listed(), { toolBudget: "3000" });
  expect(names(first?.shown ?? [])).toEqual(searches);
  expect(registered.length).toBe(3);
  expect(await budget.planFor(context, listed(), { toolBudget: "3000" })).toBe(first);
  const other = listed().map((tool) => ({ ...tool, text: tool.text.replace("description", "descriptiom") }));
  expect(await budget.planFor(context, other, { toolBudget: "3000" })).not.toBe(first);
  expect(names((await budget.planFor(context, listed(), { toolBudget: "9999999" }))?.shown ?? [])).toEqual(names(many));
  expect(await budget.planFor(context, listed(), {})).toBeUndefined();
});

test("an LLM that is down costs the caller its budget, not its list; what it said before is remembered", async () => {
  const budget = createBudget();
  const project = { toolBudget: "auto" };
  const down = contextFor([], { llm: llm(() => Promise.reject(new Error("down"))) }).context;
  expect((await budget.planFor(down, many, project))?.mode).toBe("plain");
  await budget.planFor(contextFor([], { llm: llm(async () => 8192) }).context, many, project);
  expect((await budget.planFor(down, many, project))?.mode).toBe("search");
});

test("a project tells what its list costs and what was chosen", async () => {
  const budget = createBudget();
  expect(budget.status("project")).toBeUndefined();
  await budget.planFor(contextFor([]).context, many, { toolBudget: "3000" });
  const status = budget.status("project");
  expect(status).toEqual(await budgetStatus({ tools: many, budget: 3000 }));
  expect(status).toMatchObject({ mode: "search", tools: many.length, shownTools: 3, budget: 3000 });
  expect(status?.tokens).toBe(costOfAll(many));
});

test("the field of a project is read", () => {
  expect([undefined, "off", "auto", "4000"].map(budgetOf)).toEqual(["off", "off", "auto", 4000]);
});

/** Any code units, halves of surrogate pairs too. */
const texts = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff)), { maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes));

test("tokens are counted for any text, and more text is not fewer", () => {
  expect(tokensIn("")).toBe(0);
  expect(tokensIn("Create a new issue in a repository")).toBe(8);
  fc.assert(
    fc.property(texts, texts, (a, b) => {
      expect(tokensIn(a)).toBeLessThanOrEqual(a.length + 1);
      expect(tokensIn(`${a} ${b}`)).toBeGreaterThanOrEqual(tokensIn(a) - 2);
    }),
  );
});
