import { type Breaker, closed, failed, refusalOf, tried, turnAt, untried, viewOf } from "../lib/breaker.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { LlmFailure } from "./failure.ts";

/** One that was found to be away is left alone for so long at first (lib/breaker.ts). */
const firstPauseMs = 5_000;

/** What is asked of one llm goes through its guard: it counts how that goes, and lets nobody wait in vain for long. */
export function createGuard(name: string, clock: Clock, log: Log) {
  let breaker = closed;
  let answeredAt: number | undefined;

  function become(next: Breaker): void {
    const [before, after] = [viewOf(breaker), viewOf(next)];
    breaker = next;
    if (before.state === after.state) return;
    const { state, failures, last, retryAt } = after;
    if (state === "open") log.warn("an llm is left alone", { llm: name, failures, reason: last, until: retryAt });
    else if (state === "closed") log.info("an llm answers again", { llm: name, failures: before.failures });
  }

  function answered(): void {
    answeredAt = clock.now();
    if (breaker !== closed) become(closed);
  }

  function missed({ sort, message }: LlmFailure, turn: "call" | "trial"): void {
    // What began before it was left alone makes no pause longer.
    const isNews = breaker.open === undefined && sort === "absent";
    become(failed(breaker, message, turn === "call" && isNews ? "opening" : turn, clock.now(), firstPauseMs));
  }

  /** @throws LlmFailure `unsent` while it is left alone */
  function admit(): "call" | "trial" {
    const turn = turnAt(breaker, clock.now());
    if (turn === "refused") throw new LlmFailure("unsent", refusalOf(`llm "${name}"`, breaker, clock.now()));
    return turn;
  }

  /** What the work throws that is no LlmFailure, such as that whoever asked went away, says nothing of the llm. */
  async function through<T>(work: () => Promise<T>): Promise<T> {
    const turn = admit();
    if (turn === "trial") become(tried(breaker, clock.now()));
    const begunAt = clock.now();
    try {
      const result = await work();
      answered();
      return result;
    } catch (error) {
      const isItsFault = error instanceof LlmFailure;
      // It answers others meanwhile: that says something of the text, not of it.
      const isOfText = isItsFault && error.sort === "failed" && answeredAt !== undefined && answeredAt > begunAt;
      if (isItsFault && error.sort === "declined") answered();
      else if (isItsFault && !isOfText) missed(error, turn);
      else if (turn === "trial") become(untried(breaker, clock.now()));
      throw error;
    }
  }

  return {
    admit,
    through,
    isOpen: () => turnAt(breaker, clock.now()) === "refused",
    /** What was found out before anybody asked it for a text. */
    found(failure: LlmFailure | undefined): void {
      if (failure === undefined || failure.sort === "declined") answered();
      else missed(failure, "call");
    },
    /** Something was changed that may help: whoever comes next tries. */
    changed: (): void => become(untried(breaker, clock.now())),
    /** By what was last heard of it. */
    view(): { state: "READY" | "DOWN" | "UNKNOWN"; reason?: string; retryAt?: string } {
      const { failures, last, retryAt } = viewOf(breaker);
      return {
        state: failures > 0 ? "DOWN" : answeredAt === undefined ? "UNKNOWN" : "READY",
        ...(last === undefined ? {} : { reason: last }),
        ...(retryAt === undefined ? {} : { retryAt }),
      };
    },
  };
}
