import type { Problem } from "../../lib/problem.ts";
import { type ServerLimits, setByProject, setByServer } from "../../resources/limits.ts";
import { givenUpEarly, TimedOut } from "./failures.ts";
import { limits, type RequestOptions } from "./upstream.ts";

/** As long as a request and its server's limits say; `onUp` is told why no longer, with the field that says so, and how long that was. */
export function patienceWith(
  options: RequestOptions,
  { callSeconds }: Pick<ServerLimits, "callSeconds">,
  onUp: (why: Problem, ms: number) => void,
) {
  const { timeoutMs = callSeconds * 1000, longestMs = Number.POSITIVE_INFINITY } = options;
  const setBy = options.timeoutMs === undefined ? setByServer("callSeconds") : options.setBy;
  const mostMs = Math.min(Math.max(limits.longestCallMs, timeoutMs), longestMs);
  const idleMs = Math.min(timeoutMs, mostMs);
  return patience(idleMs, mostMs, (inAll) => {
    const ms = inAll ? mostMs : idleMs;
    const isImpatient = ms === longestMs;
    onUp(isImpatient ? givenUpEarly(ms, setByProject("callSeconds")) : new TimedOut(ms, inAll ? undefined : setBy), ms);
  });
}

export type Patience = ReturnType<typeof patience>;

/**
 * How long an answer is waited for: `idleMs` since the request or the last sign of progress, `longestMs` in all. While it is held, as when the
 * client is asked something, no time passes. `onUp` is told whether all of it was used up.
 */
export function patience(idleMs: number, longestMs: number, onUp: (inAll: boolean) => void) {
  let left = longestMs;
  let since = 0;
  let holds = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  function run(): void {
    since = performance.now();
    const ms = Math.min(idleMs, left);
    if (Number.isFinite(ms)) timer = setTimeout(() => onUp(left < idleMs), Math.max(0, ms));
  }
  function halt(): void {
    clearTimeout(timer);
    left -= performance.now() - since;
  }

  run();
  return {
    progressed(): void {
      if (isOver || holds > 0) return;
      halt();
      run();
    },
    hold(): void {
      if (holds++ === 0 && !isOver) halt();
    },
    release(): void {
      if (--holds === 0 && !isOver) run();
    },
    end(): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
