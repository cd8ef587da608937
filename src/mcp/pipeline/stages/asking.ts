import { onAbort } from "../../../lib/abort.ts";
import { cut } from "../../../lib/cut.ts";
import { printable } from "../../../lib/printable.ts";
import { messageOf } from "../../../lib/problem.ts";
import type { StageContext } from "../stage.ts";

/** What an LLM says comes from outside: its length is bounded, and it holds nothing that cannot be seen. */
export const wordsOf = (answer: string, most: number): string => cut(printable(answer, true).trim(), most);

/** The same on one line. */
export const lineOf = (text: string, most: number): string => cut(printable(text.replace(/\s+/g, " ")).trim(), most);

/** How long a stage asks in all; what has no answer by then is done without. */
const askingMs = 30_000;

/**
 * One stage's questions to an LLM: each is answered once for the same content and the same model. After one that failed, and when the time is
 * over, none is asked any more. `failed()` tells whether somebody asked in vain.
 */
export function asking({ llm, cache, signal, config, log }: StageContext, ms = askingMs) {
  const isWanted = config["llm"] !== false && llm?.available("fast") === true;
  let failed = false;
  const over = AbortSignal.any([signal, AbortSignal.timeout(ms)]);

  return {
    isPossible: () => isWanted && !failed && !over.aborted,
    failed: () => failed,
    /** Undefined when there is no answer, or `read` says that it is none. */
    async ask<T>(prompt: string, maxTokens: number, read: (answer: string) => T | undefined): Promise<T | undefined> {
      if (llm === undefined || !isWanted) return undefined;
      if (failed || over.aborted) return giveUp("there was no time left to ask");
      const compute = async () => {
        const answer = await llm.complete(prompt, { maxTokens, tier: "fast", signal: over });
        if (typeof answer !== "string" || read(answer) === undefined) throw new Error("its answer could not be used");
        return answer;
      };
      const key = cache.hash(`${llm.identity("fast")}\n${maxTokens}\n${prompt}`);
      try {
        const answer = await Promise.race([cache.getOrCompute(key, compute), ended(over)]);
        const found = answer === undefined ? undefined : read(answer);
        return found === undefined ? giveUp("no answer came in time") : found;
      } catch (error) {
        return giveUp(messageOf(error));
      }
    },
  };

  function giveUp(reason: string): undefined {
    if (!failed) log.debug("an llm did not help a stage", { reason });
    failed = true;
  }
}

const ended = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => onAbort(signal, () => resolve(undefined)));
