import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { type Breaker, closed, failed, refusalOf, tried, turnAt, untried, viewOf } from "./breaker.ts";
import { Absent, Refused } from "./failures.ts";
import type { Upstream } from "./upstream.ts";

/** One server, or one copy of it, and whether it is asked: its breaker, and what runs through it. */
export type Guard = ReturnType<typeof createGuard>;

/** `firstMs` is for how long it is left alone at first. */
export function createGuard(name: string, firstMs: number, clock: Clock, log: Log) {
  let breaker = closed;
  let answeredAt: number | undefined;

  function become(next: Breaker): void {
    const [before, after] = [viewOf(breaker), viewOf(next)];
    breaker = next;
    if (before.state === after.state) return;
    const { state, failures, last, retryAt } = after;
    if (state === "open") log.warn("a server is left alone", { server: name, failures, reason: last, until: retryAt });
    else if (state === "half-open") log.debug("a server that was left alone is tried", { server: name });
    else log.info("a server answers again", { server: name, failures: before.failures });
  }

  function answered(): void {
    answeredAt = clock.now();
    if (breaker !== closed) become(closed);
  }

  /** Nobody waits for a server that is left alone. A look at it is no call, and is let through: its answer counts like any other. */
  async function through<T>(how: "call" | "opening", isProbe: boolean, work: () => Promise<T>): Promise<T> {
    const turn = isProbe ? "call" : turnAt(breaker, clock.now());
    if (turn === "refused")
      throw new Problem("unavailable", refusalOf(name, breaker, clock.now()), {
        hint: `mcpctl describe server ${name}`,
      });
    if (turn === "trial") become(tried(breaker, clock.now()));
    try {
      const result = await work();
      answered();
      return result;
    } catch (error) {
      if (error instanceof Absent || how === "opening")
        become(failed(breaker, messageOf(error), how === "opening" ? how : turn, clock.now(), firstMs));
      else if (error instanceof Refused) answered();
      else if (turn === "trial") become(untried(breaker, clock.now()));
      throw error;
    }
  }

  return {
    /** The same conversation, with each request counted. */
    over: (upstream: Upstream): Upstream => ({
      ...upstream,
      request: (method, params, options) =>
        through("call", options?.isProbe === true, () => upstream.request(method, params, options)),
    }),
    /** Opens a conversation. @throws Problem `unavailable`, at once while it is left alone */
    opening: <T>(isProbe: boolean, open: () => Promise<T>): Promise<T> => through("opening", isProbe, open),
    /** It does not answer, and its conversation was let go of for that. */
    lost: (why: string) => become(failed(breaker, why, "opening", clock.now(), firstMs)),
    /** Something was changed that may help: whoever comes next tries. */
    retryNow: () => become(untried(breaker, clock.now())),
    isOpen: () => breaker.open !== undefined,
    view: () => viewOf(breaker),
    /** When it last answered anything at all, Unix milliseconds. */
    answeredAt: () => answeredAt,
  };
}
