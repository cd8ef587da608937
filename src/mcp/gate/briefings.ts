import { didYouMean } from "../../lib/nearest.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import type { SystemTexts } from "../../resources/system-prompts.ts";
import { budgetOf } from "../budget/budget.ts";
import type { PluginContext } from "../pipeline/plugin.ts";
import type { PromptShelf, Shelved } from "../prompts/shelf.ts";
import { createAllowance } from "./allowance.ts";
import { readingIn, type Task } from "./asked.ts";
import { chosenByLlm } from "./choosing.ts";
import { type Delivery, deliver } from "./delivery.ts";
import { always, lookThrough, rank } from "./matching.ts";
import type { Openings, Place } from "./openings.ts";
import { worded } from "./wording.ts";

/** Where the project has a budget for its list. */
const notAllListed = "Where `search_tools` is listed, it finds those that are not.";
const defaultPromptBytes = 16_384;

/** How long is waited for an LLM's choice, and for texts that lie with other servers; in milliseconds. */
export type Patience = { llm: number; texts: number };

type Options = { shelf: PromptShelf; openings: Openings; texts: SystemTexts };

/** Brings prompts to whoever asks for them, or is to have them. */
export function createBriefings({ shelf, openings, texts }: Options) {
  /** What fits a task and was not delivered at this place, and the index of the rest. */
  async function forTask(
    context: PluginContext,
    place: Place,
    { description, tags }: Task,
    patience: Patience,
  ): Promise<{ text: string; delivered: string[] }> {
    const { llm, project, log } = context;
    const all = shelf.of(project.name);
    await lookThrough(all);
    const ranked = rank(all, tags);
    const prompts = ranked.map(({ prompt }) => prompt);
    const chosen =
      description !== undefined && prompts.length > 0 && llm?.available("fast") === true
        ? await chosenByLlm({ llm, texts, task: description, prompts, ms: patience.llm, log })
        : undefined;
    const wanted = new Set(chosen ?? ranked.flatMap(({ prompt, score }) => (score > 0 ? [prompt.name] : [])));
    const delivery = await deliver({
      prompts: chosen === undefined ? prompts : inOrder(prompts, chosen),
      isWanted: ({ name, priority }) => priority === always || wanted.has(name),
      allowance: createAllowance(project.fields.gate?.promptBytes ?? defaultPromptBytes),
      firstFits: false,
      claim: (name) => openings.claim(place, name),
      release: (name) => openings.release(place, name),
      read: (name) => shelf.read(project.name, name),
      ms: patience.texts,
      log,
    });
    return { text: worded(delivery, texts), delivered: delivery.whole.map(({ name }) => name) };
  }

  /** What was asked for by name or keywords, delivered before or not; without either, what there is. @throws Problem `invalid`, `not_found` */
  async function reading(
    context: PluginContext,
    place: Place,
    args: Record<string, unknown>,
    patience: Patience,
  ): Promise<string> {
    const { project, log } = context;
    const asked = readingIn(args);
    const all = shelf.of(project.name);
    const known = new Set(all.map(({ name }) => name));
    const unknown = asked.names.filter((name) => !known.has(name)).map((name) => unknownName(name, known));
    if (unknown.length > 0 && unknown.length === asked.names.length && asked.tags.length === 0)
      throw new Problem("not_found", unknown.join(" "), { hint: "call read_prompts without names for a list of them" });
    await lookThrough(asked.tags.length === 0 ? [] : all);
    const ranked = asked.tags.length === 0 ? [] : rank(all, asked.tags);
    const matching = ranked.flatMap(({ prompt, score }) => (score > 0 ? [prompt.name] : []));
    const wanted = [...new Set([...asked.names, ...matching])].filter((name) => known.has(name));
    const delivery = await deliver({
      prompts: byNames(all, wanted.length > 0 ? wanted : [...known]),
      isWanted: ({ name }) => wanted.includes(name),
      allowance: createAllowance(project.fields.gate?.promptBytes ?? defaultPromptBytes),
      firstFits: true,
      claim: () => true,
      release: () => {},
      read: (name) => shelf.read(project.name, name),
      ms: patience.texts,
      log,
    });
    for (const { name } of delivery.whole) openings.claim(place, name);
    return [...unknown, ...emptyOr(delivery)].join("\n\n");
  }

  const emptyOr = (delivery: Delivery): string[] =>
    delivery.whole.length + delivery.rest.length === 0 ? ["There is nothing to read."] : [worded(delivery, texts)];

  /** That it is open, and how much there is now. `own` are the gate's own tools. */
  async function opened(context: PluginContext, own: number): Promise<string> {
    try {
      const said = texts("gate-opened", { toolCount: (await context.discover()).length + own });
      return budgetOf(context.project.fields.toolBudget) === "off" ? said : `${said} ${notAllListed}`;
    } catch (error) {
      context.log.warn("the tools behind the gate cannot be counted", { reason: messageOf(error) });
      return texts("gate-opened", { toolCount: "all" });
    }
  }

  return { forTask, reading, opened };
}

/** What is always delivered stays first; then what was chosen, as it was chosen. */
function inOrder(prompts: readonly Shelved[], chosen: readonly string[]): Shelved[] {
  const first = prompts.filter(({ priority }) => priority === always);
  return [...new Set([...first, ...byNames(prompts, chosen), ...prompts])];
}

function byNames(prompts: readonly Shelved[], names: readonly string[]): Shelved[] {
  const all = new Map(prompts.map((prompt) => [prompt.name, prompt]));
  return names.flatMap((name) => all.get(name) ?? []);
}

const unknownName = (name: string, known: ReadonlySet<string>): string =>
  `There is no prompt ${JSON.stringify(name)}.${didYouMean(name, known)}`;
