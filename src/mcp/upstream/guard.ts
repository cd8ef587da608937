import {
  type Breaker,
  closed,
  failed,
  givenUp,
  refusalOf,
  type Turn,
  tried,
  turnAt,
  untried,
  viewOf,
} from "../../lib/breaker.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { serverLimitsOf } from "../../resources/limits.ts";
import type { Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import type { ServerRef } from "./connections.ts";
import { Absent, Refused, TimedOut } from "./failures.ts";
import { type Ask, askedBy, type Upstream } from "./upstream.ts";

/** A call that was not sent, because the server is left alone at this moment. */
export class LeftAlone extends Problem {
  constructor(name: string, breaker: Breaker, now: number) {
    super("unavailable", refusalOf(`server "${name}"`, breaker, now), { hint: `mcpctl describe server ${name}` });
  }
}

/** What is asked of one server, or of one copy of it, goes through its guard: it counts how that goes, and lets nobody wait in vain for long. */
export type Guard = ReturnType<typeof createGuard>;

/** `blot` takes out what a server may repeat and nobody is to read. */
export function createGuard(first: ServerRef, clock: Clock, log: Log, blot: (text: string) => string = (text) => text) {
  let server = first;
  let breaker = closed;
  let answeredAt: number | undefined;
  let counted: unknown;
  const firstMs = () => serverLimitsOf(server.fields).absentSeconds * 1000;

  function become(next: Breaker): void {
    const [before, after] = [viewOf(breaker), viewOf(next)];
    breaker = next;
    if (before.state === after.state) return;
    const { state, failures, last, retryAt } = after;
    const told = { server: server.name, failures };
    if (state === "open") log.warn("a server is left alone", { ...told, reason: last, until: retryAt });
    else if (state === "half-open") log.debug("a server that was left alone is tried", told);
    else log.info("a server answers again", { server: server.name, failures: before.failures });
  }

  function answered(): void {
    answeredAt = clock.now();
    if (breaker !== closed) become(closed);
  }

  /** @throws LeftAlone when it is not a caller's turn to ask */
  function admit(): void {
    if (turnAt(breaker, clock.now()) === "refused") throw new LeftAlone(server.name, breaker, clock.now());
  }

  /**
   * Callers are let through in their turn. What we ask for ourselves, such as whether it is there, is let through always: nobody waits for it, and
   * its answer counts like any other.
   */
  function turnOf(isOwn: boolean, begunAt: number): Turn {
    const turn = isOwn ? "call" : turnAt(breaker, begunAt);
    if (turn === "trial") become(tried(breaker, begunAt));
    return turn;
  }

  /** Opens a conversation, for a caller or on our own account. @throws LeftAlone */
  async function opening<T>(isOwn: boolean, open: () => Promise<T>): Promise<T> {
    const begunAt = clock.now();
    if (turnOf(isOwn, begunAt) === "refused") throw new LeftAlone(server.name, breaker, begunAt);
    try {
      const opened = await open();
      answered();
      return opened;
    } catch (error) {
      judge(error, "opening", begunAt);
      throw error;
    }
  }

  function judge(error: unknown, turn: "call" | "trial" | "opening", begunAt: number): void {
    // It answers others: that this took too long says something of the call, which anybody may make, and nothing against the server.
    if (error instanceof TimedOut && answeredAt !== undefined && answeredAt > begunAt) return;
    if (turn === "opening" || error instanceof Absent) count(error, turn);
    else if (error instanceof Refused) answered();
    else if (turn === "trial") become(untried(breaker, clock.now()));
  }

  /** What ends a conversation ends all calls in it, which is one failure. */
  function count(error: unknown, how: "call" | "trial" | "opening"): void {
    if (error === counted) return;
    counted = error;
    become(failed(breaker, blot(messageOf(error)), how, clock.now(), firstMs()));
  }

  const judging: Judging = { answered, judge };
  const through =
    (ask: Ask): Ask =>
    (method, params, options, asker) => {
      const begunAt = clock.now();
      const turn = turnOf(options.peer === undefined, begunAt);
      if (turn === "refused") asker.failed(new LeftAlone(server.name, breaker, begunAt));
      else ask(method, params, options, new Judged(judging, asker, turn, begunAt));
    };

  return {
    /** The same conversation, with what is asked in it going through here. */
    over: (upstream: Upstream): Upstream => askedBy(upstream, through(upstream.ask)),
    opening,
    admit,
    /** It introduced itself. */
    answered,
    /** Its conversation was let go of because it does not answer. */
    givenUp: (why: string) => become(givenUp(breaker, blot(why), clock.now(), firstMs())),
    /** Something was changed that may help: whoever comes next tries. */
    changed(next: ServerRef): void {
      server = next;
      become(untried(breaker, clock.now()));
    },
    isOpen: () => breaker.open !== undefined,
    view: () => viewOf(breaker),
    /** When it last answered anything at all, Unix milliseconds. */
    answeredAt: () => answeredAt,
  };
}

type Judging = { answered: () => void; judge: (error: unknown, turn: "call" | "trial", begunAt: number) => void };

/** One request until it is known what its end says of the server. */
class Judged implements Asker {
  readonly #guard: Judging;
  readonly #asker: Asker;
  readonly #turn: "call" | "trial";
  readonly #begunAt: number;

  constructor(guard: Judging, asker: Asker, turn: "call" | "trial", begunAt: number) {
    this.#guard = guard;
    this.#asker = asker;
    this.#turn = turn;
    this.#begunAt = begunAt;
  }

  answered(outcome: Outcome): void {
    this.#guard.answered();
    this.#asker.answered(outcome);
  }

  failed(why: unknown): void {
    this.#guard.judge(why, this.#turn, this.#begunAt);
    this.#asker.failed(why);
  }
}
