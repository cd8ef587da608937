import type { Clock } from "./clock.ts";
import type { Log, LogFields } from "./log.ts";
import { remember } from "./remember.ts";

const mostKeys = 1_000;

/** Warns of each `key` at most once in `everyMs`: what fails at every request is not told at every request. */
export type Seldom = (key: string, message: string, fields?: LogFields) => void;

export function seldom(log: Log, clock: Clock, everyMs = 60_000): Seldom {
  const toldAt = new Map<string, number>();
  return (key, message, fields) => {
    const now = clock.now();
    if (now - (toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
    remember(toldAt, key, now, mostKeys);
    log.warn(message, fields);
  };
}
