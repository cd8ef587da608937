import type { Log } from "../../lib/log.ts";
import { messageOf } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import type { Llm } from "../../llm/llm.ts";
import type { SystemTexts } from "../../resources/system-prompts.ts";
import type { Shelved } from "../prompts/shelf.ts";

type Choosing = { llm: Llm; texts: SystemTexts; task: string; prompts: readonly Shelved[]; ms: number; log: Log };

/** Of the index that an LLM chooses from, and of its answer. */
const mostIndexCharacters = 24_000;
const mostAnswerTokens = 400;
const mostLine = 300;

/** The names of what an LLM finds useful for a task, the most useful first. Undefined when it does not say in time, or nothing that there is. */
export async function chosenByLlm({ llm, texts, task, prompts, ms, log }: Choosing): Promise<string[] | undefined> {
  const stop = new AbortController();
  try {
    const answer = await within(
      ms,
      llm.complete(texts("select-prompts", { task, index: indexFor(prompts) }), {
        tier: "fast",
        maxTokens: mostAnswerTokens,
        signal: stop.signal,
      }),
    );
    const names = namesIn(answer ?? "", new Set(prompts.map(({ name }) => name)));
    if (names.length > 0) return names;
    const reason = answer === undefined ? `no answer within ${ms / 1_000} s` : "it named nothing that there is";
    log.info("the gate chooses prompts by keywords", { reason });
  } catch (error) {
    log.info("the gate chooses prompts by keywords", { reason: messageOf(error) });
  } finally {
    stop.abort();
  }
  return undefined;
}

function indexFor(prompts: readonly Shelved[]): string {
  let index = "";
  for (const { name, description, summary, chapters } of prompts) {
    const about = [description ?? "", summary, chapters.map(({ title }) => title).join(", ")].filter(
      (text) => text !== "",
    );
    const line = `${name}: ${about.join(" | ").replace(/\s+/g, " ").slice(0, mostLine)}\n`;
    if (index.length + line.length > mostIndexCharacters) break;
    index += line;
  }
  return index;
}

/** Pure. What stands first on a line, behind a bullet or a number, and what stands in quotes; each name once, and none that there is not. */
export function namesIn(answer: string, known: ReadonlySet<string>): string[] {
  const words = answer
    .split("\n")
    .flatMap((line) => [
      /^\s*(?:[-*•]\s*|\d+[.)]\s*)?[*_]*([a-z0-9-]+)/.exec(line)?.[1] ?? "",
      ...[...line.matchAll(/[`"']([a-z0-9-]+)[`"']/g)].map(([, word]) => word ?? ""),
    ]);
  return [...new Set(words)].filter((word) => known.has(word));
}
