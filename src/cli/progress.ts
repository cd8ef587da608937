import { printable } from "../lib/printable.ts";
import type { Env } from "./environment.ts";
import type { Args } from "./verb.ts";

/** What is over sooner needs no telling. */
const quietMs = 1_000;
const turnMs = 250;
const turning = ["|", "/", "-", "\\"];

/**
 * Does something that may take long. Where somebody watches a line on standard error says meanwhile what it is and how long it has taken, from
 * the first second on; it is gone before anything else is printed. `say` tells what it is by now.
 */
export async function during<T>(
  what: string,
  args: Pick<Args, "has">,
  env: Env,
  work: (say: (what: string) => void) => Promise<T>,
): Promise<T> {
  const { statusLine } = env;
  let said = what;
  const say = (now: string) => {
    said = now;
  };
  if (statusLine === undefined || args.has("quiet")) return await work(say);
  const begunAt = env.now();
  let turns = 0;
  const timer = setInterval(() => {
    const ms = env.now() - begunAt;
    if (ms >= quietMs) statusLine(`${turning[turns++ % turning.length]} ${printable(said)} (${elapsed(ms)})`);
  }, turnMs);
  try {
    return await work(say);
  } finally {
    clearInterval(timer);
    if (turns > 0) statusLine("");
  }
}

/** `8 s`, `2 min 5 s` */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
