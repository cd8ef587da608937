import { sleep } from "../../lib/wait.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { withMeta } from "../meta.ts";
import { codes } from "../protocol.ts";
import { limits } from "./upstream.ts";

/** What a server may ask a client for. */
export const askable: ReadonlySet<string> = new Set(["elicitation/create", "sampling/createMessage", "roots/list"]);

/** The server's own words about progress are about its hop to us: its token would mean another call to the client. */
export const withoutToken = (params: string): string => withMeta(params, { progressToken: undefined });

/** Who answers, and what ends the wait for it besides the server itself. */
export type Answerer = {
  ask: (method: string, params: string, signal: AbortSignal) => Promise<Outcome>;
  signal?: AbortSignal;
};

/** The questions of one server that wait for their answers, within a bound, by the server's own ids. */
export function createAsks() {
  const pending = new Map<string, AbortController>();

  return {
    /** The answer for the server; undefined when it took its question back. Never rejects. */
    async ask(id: string, method: string, params: string, { ask, signal }: Answerer): Promise<Outcome | undefined> {
      if (pending.size >= limits.asks || pending.has(id)) return refusal("Too many questions wait for their answers");
      const takenBack = new AbortController();
      const over = new AbortController();
      const end = () => over.abort();
      pending.set(id, takenBack);
      takenBack.signal.addEventListener("abort", end);
      signal?.addEventListener("abort", end);
      if (signal?.aborted === true) end();
      try {
        const answer = ask(method, withoutToken(params), over.signal).catch(() =>
          refusal("The client could not be asked"),
        );
        const outcome = await Promise.race([answer, sleep(limits.askMs, over.signal)]);
        if (takenBack.signal.aborted) return undefined;
        return outcome ?? unwanted;
      } finally {
        end();
        pending.delete(id);
        signal?.removeEventListener("abort", end);
      }
    },
    takeBack: (id: string): void => pending.get(id)?.abort(),
  };
}

export const refusal = (why: string, code: number = codes.internal): Outcome => errorOutcome(code, why);

/** What a server is told whose question outlived that for which it was asked. */
export const unwanted: Outcome = refusal("Nobody waits for the answer any more");
