import { turn } from "../lib/wait.ts";

/** So many are begun at once; what it takes to begin them holds up nobody for long. */
const atOnce = 64;

/**
 * Connections are taken for as long as there are new ones: five clients that open one for each request, answered at once, stopped timers and
 * servers' answers for seconds. So of every so many requests one waits for the next turn of the event loop, and all that come meanwhile with it.
 * Answers what to wait for, if anything.
 */
export function createPace(): () => Promise<void> | undefined {
  let begun = 0;
  let next: Promise<void> | undefined;
  return () => {
    if (++begun < atOnce) return undefined;
    next ??= turn().then(() => {
      begun = 0;
      next = undefined;
    });
    return next;
  };
}
