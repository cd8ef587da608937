import type { Shown } from "../pipeline/plugin.ts";
import { indexed } from "./bm25.ts";
import { costOf, costOfAll } from "./cost.ts";
import { isSearchTool, shownSearchTools } from "./search-tools.ts";
import { settled } from "./settled.ts";

/**
 * The part of a context that a list may cost by `auto`. A model that works with tools needs room for its instructions, the talk so far and results,
 * and a page of a result alone is 2,000 tokens (8 KB): of 32 K this is some twenty tools of the corpus, and leaves room for a dozen such pages.
 */
const contextShare = 0.15;

/**
 * A session that needs five tools reads fewer tokens with a list of this size than by searching (`bench/tool-budget.ts`, corpus of
 * bench/tool-corpus, 30 November 2026: 2,422, or nine tools). So small a list stays whole as long as it is not a third of the context.
 */
const crossoverTokens = 2400;
const mostShare = 0.3;

/** Of what was begun for, tools that fit this much less than the best one are noise. */
const leastOfBest = 0.3;
const mostFitting = 60;

export type Mode = "plain" | "filtered" | "search";
export type Plan = {
  mode: Mode;
  /** Of how many the whole list is. */
  tools: number;
  /** In the order of the list that came, own tools and those that search last: a prefix that caches hold. */
  shown: readonly Shown[];
  tokens: { whole: number; shown: number };
  /** Undefined where nothing bounds the list. */
  budget: number | undefined;
  contextTokens: number | undefined;
  /** In a sentence, for people. */
  why: string;
};
export type Question = {
  tools: readonly Shown[];
  budget: "off" | "auto" | number;
  contextTokens?: number | undefined;
  /** What the session is for: tags or a description. */
  hints?: readonly string[];
  /** Names of tools that were called before. */
  used?: ReadonlySet<string>;
};

/** Pure: which tools a model is shown, and why. */
export function planList({ tools: given, budget: asked, contextTokens, hints = [], used = new Set() }: Question): Plan {
  const own = given.filter((tool) => tool.server === undefined && !isSearchTool(tool));
  const theirs = given.filter(({ server }) => server !== undefined);
  // They are listed as own tools of whoever has them; they are part of no whole list.
  const tools = own.length + theirs.length === given.length ? given : [...own, ...theirs];
  const whole = costOfAll(tools);
  const budget = tokensGiven(asked, contextTokens);
  const plan = (mode: Mode, shown: readonly Shown[], why: string): Plan => ({
    mode,
    tools: tools.length,
    shown,
    tokens: { whole, shown: mode === "plain" ? whole : costOfAll(shown) },
    budget,
    contextTokens,
    why,
  });
  const plain = (why: string) => plan("plain", tools, why);

  if (asked === "off") return plain("the project has no budget for its list");
  if (budget === undefined) return plain("no LLM of the project tells how much fits into its context");
  if (whole <= budget) return plain(`the whole list fits into ${budget} tokens`);
  const taken = takenName(theirs);
  if (taken !== undefined) return plain(`a server has a tool called ${taken}, so none can be searched for`);
  const base = [...own, ...shownSearchTools];
  const cost = costOfAll(base);
  if (whole <= cost) return plain("the list costs no more than the tools that search it");

  const fitting = fittingIn(theirs, hints, used, budget - cost);
  const over = `the whole list costs ${whole} tokens and ${budget} are given`;
  return fitting.size === 0
    ? plan("search", base, `${over}: tools are searched for`)
    : plan(
        "filtered",
        [...theirs.filter(({ name }) => fitting.has(name)), ...base],
        `${over}: ${fitting.size} that fit what the session is for are shown, the others are searched for`,
      );
}

/** What a list may cost; undefined where nothing bounds it. */
export function tokensGiven(budget: Question["budget"], contextTokens: number | undefined): number | undefined {
  return budget === "off" ? undefined : budget === "auto" ? shareOf(contextTokens) : budget;
}

function shareOf(contextTokens: number | undefined): number | undefined {
  if (contextTokens === undefined) return undefined;
  return Math.floor(Math.max(contextTokens * contextShare, Math.min(crossoverTokens, contextTokens * mostShare)));
}

const takenName = (tools: readonly Shown[]): string | undefined => tools.find(isSearchTool)?.name;

/** Names of those that were used before, then of the best by what the session is for, as many as there is room for. */
function fittingIn(
  tools: readonly Shown[],
  hints: readonly string[],
  used: ReadonlySet<string>,
  room: number,
): ReadonlySet<string> {
  const before = tools.filter(({ name }) => used.has(name));
  const hits = hints.length === 0 ? [] : indexed(settled(tools)).search(hints.join(" "), mostFitting);
  const least = (hits[0]?.score ?? 0) * leastOfBest;
  const wanted = hits.filter(({ score }) => score >= least).map(({ tool }) => tool);
  const fitting = new Set<string>();
  let left = room;
  for (const tool of [...before, ...wanted]) {
    if (fitting.has(tool.name) || costOf(tool) > left) continue;
    fitting.add(tool.name);
    left -= costOf(tool);
  }
  return fitting;
}
