import { remember } from "../lib/remember.ts";

/** How often something may be done: a burst at once, and from then on evenly. */
export type Rate = { perMinute: number; burst: number };

/**
 * One more at `now`, in Unix milliseconds: how long to wait first (0 is go on), and when the bucket will be full again, which is all that need be
 * remembered. A clock that was set back empties no bucket for longer than it takes to fill.
 */
export function draw(fullAt: number | undefined, now: number, { perMinute, burst }: Rate): Draw {
  const eachMs = Math.ceil(60_000 / perMinute);
  const from = Math.min(Math.max(fullAt ?? now, now), now + burst * eachMs);
  const waitMs = Math.max(0, from - now - (burst - 1) * eachMs);
  return waitMs > 0 ? { waitMs, fullAt: from } : { waitMs: 0, fullAt: from + eachMs };
}
export type Draw = { waitMs: number; fullAt: number };

/** A rate for each key; at most so many keys are remembered, and the longest untouched goes first. */
export function createRates(rate: Rate, mostKeys: number) {
  const kept = new Map<string, number>();
  return (key: string, now: number): number => {
    const { waitMs, fullAt } = draw(kept.get(key), now, rate);
    remember(kept, key, fullAt, mostKeys);
    return waitMs;
  };
}
