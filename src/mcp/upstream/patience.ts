import type { Problem } from "../../lib/problem.ts";
import { Alarm, wheel } from "../../lib/wheel.ts";
import { type ServerLimits, setByProject, setByServer } from "../../resources/limits.ts";
import { givenUpEarly, TimedOut } from "./failures.ts";
import { limits, type RequestOptions } from "./upstream.ts";

type Times = Pick<RequestOptions, "timeoutMs" | "longestMs" | "setBy">;
type Bounds = Pick<ServerLimits, "callSeconds">;

/** As long as a request and its server's limits say, in all. */
export const mostMs = ({ timeoutMs, longestMs = Number.POSITIVE_INFINITY }: Times, { callSeconds }: Bounds): number =>
  Math.min(Math.max(limits.longestCallMs, timeoutMs ?? callSeconds * 1000), longestMs);

/** The same since the request or the last sign of progress. */
export const usualMs = (times: Times, bounds: Bounds): number =>
  Math.min(times.timeoutMs ?? bounds.callSeconds * 1000, mostMs(times, bounds));

/** Why no longer, with the field that says so, and how long that was. */
export function upFor(options: Times, bounds: Bounds, inAll: boolean): { why: Problem; ms: number } {
  const ms = (inAll ? mostMs : usualMs)(options, bounds);
  if (ms === options.longestMs) return { why: givenUpEarly(ms, setByProject("callSeconds")), ms };
  const setBy = options.timeoutMs === undefined ? setByServer("callSeconds") : options.setBy;
  return { why: new TimedOut(ms, inAll ? undefined : setBy), ms };
}

/**
 * How long an answer is waited for: `idleMs` since the request or the last sign of progress, `longestMs` in all. While it is held, as when the
 * client is asked something, no time passes. Who waits is told whether all of it was used up.
 */
export class Patience extends Alarm {
  readonly #idleMs: number;
  readonly #whose: { isUp: (inAll: boolean) => void };
  #left: number;
  #since = 0;
  #holds = 0;
  #isOver = false;

  constructor(idleMs: number, longestMs: number, whose: { isUp: (inAll: boolean) => void }) {
    super();
    this.#idleMs = idleMs;
    this.#left = longestMs;
    this.#whose = whose;
    this.#run();
  }

  #run(): void {
    this.#since = performance.now();
    const ms = Math.max(0, Math.ceil(Math.min(this.#idleMs, this.#left)));
    wheel.set(this, ms);
  }

  ring(): void {
    this.#whose.isUp(this.#left < this.#idleMs);
  }

  #halt(): void {
    this.cancel();
    this.#left -= performance.now() - this.#since;
  }

  progressed(): void {
    if (this.#isOver || this.#holds > 0) return;
    this.#halt();
    this.#run();
  }

  hold(): void {
    if (this.#holds++ === 0 && !this.#isOver) this.#halt();
  }

  release(): void {
    if (--this.#holds === 0 && !this.#isOver) this.#run();
  }

  end(): void {
    this.#isOver = true;
    this.cancel();
  }
}
