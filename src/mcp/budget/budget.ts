import { remember } from "../../lib/remember.ts";
import { within } from "../../lib/wait.ts";
import type { ProjectFields } from "../../resources/project.ts";
import type { PluginContext, Shown } from "../pipeline/plugin.ts";
import { indexedInTurns } from "./bm25.ts";
import { type Plan, planList, type Question, tokensGiven } from "./choice.ts";
import { costOfAll, counted } from "./cost.ts";
import { isSearchTool, registerSearchTools } from "./search-tools.ts";
import { settled } from "./settled.ts";

/** Of the identities that were served last it is known what they are for and what they used. */
const most = { identities: 2000, used: 50, hints: 20, hintLength: 1000, projects: 10_000 };
/** An LLM that does not tell its context in this time has not told it; a list waits no longer. */
const patienceMs = 1000;

/** For `status.toolBudget` of a project: the last list that one of its callers was given. */
export type BudgetStatus = {
  mode: Plan["mode"];
  /** Of the whole list, and of what is shown of it. */
  tools: number;
  shownTools: number;
  tokens: number;
  shownTokens: number;
  budget?: number;
  contextTokens?: number;
  why: string;
};

type Identity = { hints: readonly string[]; used: Set<string> };

/** What a project's clients are shown of its tools, by what the list costs. */
export function createBudget() {
  const identities = new Map<string, Identity>();
  const contexts = new Map<string, number>();
  const statuses = new Map<string, BudgetStatus>();
  /** By what a plan was made of besides the list, so that the same caller is given the same list until something changed. */
  const plans = new WeakMap<readonly Shown[], Map<string, Plan>>();

  function identityOf(id: string): Identity {
    return remember(identities, id, identities.get(id) ?? { hints: [], used: new Set() }, most.identities);
  }

  async function contextOf({ llm, project, log }: Pick<PluginContext, "llm" | "project" | "log">) {
    if (llm === undefined) return undefined;
    try {
      const told = await within(patienceMs, llm.contextTokens());
      if (told !== undefined) remember(contexts, project.id, told, most.projects);
    } catch (error) {
      log.debug("the LLM does not tell its context", { project: project.name, error });
    }
    // What it said before is better than a list that comes and goes with it.
    return contexts.get(project.id);
  }

  return {
    /** The gate tells what a session began with: tags, or a description. The client must be told that its list is another. */
    begin(identity: string, hints: readonly string[]): void {
      identityOf(identity).hints = hints.slice(0, most.hints).map((hint) => hint.slice(0, most.hintLength));
    },
    /** After a call. It changes no list that stands: the next one that is planned anew begins with what was used. */
    used(identity: string, tool: string): void {
      const { used } = identityOf(identity);
      used.delete(tool);
      used.add(tool);
      if (used.size > most.used) used.delete(used.values().next().value as string);
    },
    end: (identity: string): void => void identities.delete(identity),

    /**
     * What of a list this caller is shown, which is what it may see, mcpctl's own tools included. Registers the tools that search where it names them.
     * Not for a list behind a closed gate. Undefined, and nothing is counted, where the project has no budget: the list stays as it is.
     */
    async planFor(
      context: Pick<PluginContext, "identity" | "llm" | "project" | "log" | "registerTool">,
      tools: readonly Shown[],
      { toolBudget }: Pick<ProjectFields, "toolBudget">,
    ): Promise<Plan | undefined> {
      const budget = budgetOf(toolBudget);
      if (budget === "off") return undefined;
      const contextTokens = budget === "auto" ? await contextOf(context) : undefined;
      const { hints, used } = identityOf(context.identity.id);
      const theirs = settled(tools.filter(({ server }) => server !== undefined));
      const own = tools.filter((tool) => tool.server === undefined && !isSearchTool(tool));
      const byKey = plans.get(theirs) ?? new Map<string, Plan>();
      plans.set(theirs, byKey);
      const key = JSON.stringify([budget, contextTokens, context.identity.id, hints, own.map(({ text }) => text)]);
      let plan = byKey.get(key);
      if (plan === undefined) {
        await prepared(theirs, tokensGiven(budget, contextTokens), hints);
        plan = planList({ tools: [...theirs, ...own], budget, contextTokens, hints, used });
        remember(byKey, key, plan, most.identities);
      }
      if (plan.mode !== "plain") registerSearchTools(context);
      remember(statuses, context.project.id, statusOf(plan), most.projects);
      return plan;
    },

    /** By a project's id; undefined until somebody asked for its list. */
    status: (project: string): BudgetStatus | undefined => statuses.get(project),
  };
}
export type Budget = ReturnType<typeof createBudget>;

/** What `planList` would do at length, done in turns: afterwards it finds what each tool costs, and the index where it searches. */
async function prepared(tools: readonly Shown[], most: number | undefined, hints: readonly string[]): Promise<void> {
  if (most === undefined) return;
  await counted(tools);
  if (hints.length > 0 && costOfAll(tools) > most) await indexedInTurns(tools);
}

/** What would be said of a list that nobody was given yet. */
export async function budgetStatus(question: Question): Promise<BudgetStatus> {
  await counted(question.tools);
  return statusOf(planList(question));
}

/** As the field is written: nothing means that no list is narrowed. */
export const budgetOf = (toolBudget: ProjectFields["toolBudget"]): "off" | "auto" | number =>
  toolBudget === undefined || toolBudget === "off" ? "off" : toolBudget === "auto" ? "auto" : Number(toolBudget);

const statusOf = ({ mode, tools, shown, tokens, budget, contextTokens, why }: Plan): BudgetStatus => ({
  mode,
  tools,
  shownTools: shown.length,
  tokens: tokens.whole,
  shownTokens: tokens.shown,
  ...(budget === undefined ? {} : { budget }),
  ...(contextTokens === undefined ? {} : { contextTokens }),
  why,
});
