import type { Shown } from "../pipeline/plugin.ts";
import { indexed } from "./bm25.ts";
import { costOf, costOfAll } from "./cost.ts";
import { shownSearchTools } from "./search-tools.ts";

/**
 * The part of a context that a list may cost by `auto`. A model that works with tools needs room for its instructions, the talk so far and results,
 * and a page of a result alone is 2,000 tokens (8 KB): of 8 K this leaves room for three such pages, of 32 K it is some twenty-five tools of the
 * corpus.
 */
export const contextShare = 0.15;

/**
 * Below so many tokens a list costs a session less than searching does, so `auto` leaves it whole however small the context is: measured by
 * `bench/tool-budget.ts`, the corpus of bench/tool-corpus, sessions of five calls.
 */
export const crossoverTokens = 3000;

/** Of what was begun for, tools that fit this much less than the best one are noise. */
const leastOfBest = 0.3;
const mostFitting = 60;

export type Mode = "plain" | "filtered" | "search";
export type Plan = {
  mode: Mode;
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
export function planList({ tools, budget: asked, contextTokens, hints = [], used = new Set() }: Question): Plan {
  const whole = costOfAll(tools);
  const budget = asked === "off" ? undefined : asked === "auto" ? shareOf(contextTokens) : asked;
  const plan = (mode: Mode, shown: readonly Shown[], why: string): Plan => ({
    mode,
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
  if (asked === "auto" && whole <= crossoverTokens)
    return plain(`below ${crossoverTokens} tokens a list costs less than searching does`);
  const taken = takenName(tools);
  if (taken !== undefined) return plain(`a server has a tool called ${taken}, so none can be searched for`);
  const own = tools.filter(({ server }) => server === undefined);
  const base = [...own, ...shownSearchTools];
  const cost = costOfAll(base);
  if (whole <= cost) return plain("the list costs no more than the tools that search it");

  const fitting = fittingIn(tools, hints, used, budget - cost);
  const over = `the whole list costs ${whole} tokens and ${budget} are given`;
  return fitting.size === 0
    ? plan("search", base, `${over}: tools are searched for`)
    : plan(
        "filtered",
        [...tools.filter((tool) => fitting.has(tool)), ...base],
        `${over}: ${fitting.size} that fit what the session is for are shown, the others are searched for`,
      );
}

const shareOf = (contextTokens: number | undefined): number | undefined =>
  contextTokens === undefined ? undefined : Math.floor(contextTokens * contextShare);

const takenName = (tools: readonly Shown[]): string | undefined =>
  tools.find(({ name, server }) => server !== undefined && shownSearchTools.some((own) => own.name === name))?.name;

/** Those that were used before, then the best by what the session is for, as many as there is room for. */
function fittingIn(
  tools: readonly Shown[],
  hints: readonly string[],
  used: ReadonlySet<string>,
  room: number,
): ReadonlySet<Shown> {
  const before = tools.filter(({ name, server }) => server !== undefined && used.has(name));
  const hits = hints.length === 0 ? [] : indexed(tools).search(hints.join(" "), mostFitting);
  const least = (hits[0]?.score ?? 0) * leastOfBest;
  const wanted = hits.flatMap(({ tool, score }) => (tool.server === undefined || score < least ? [] : [tool]));
  const fitting = new Set<Shown>();
  let left = room;
  for (const tool of [...before, ...wanted]) {
    if (fitting.has(tool) || costOf(tool) > left) continue;
    fitting.add(tool);
    left -= costOf(tool);
  }
  return fitting;
}
