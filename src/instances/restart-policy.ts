/** When the processes of one server ended, in Unix milliseconds, and when the last of them had started. */
export type History = { exits: readonly number[]; startedAt: number };

const shortestMs = 1_000;
const longestMs = 60_000;
const steadyMs = 60_000;
const crowdedWindowMs = 5 * 60_000;
const crowded = 5;

/** The exits that still count: none once the server has run steadily. */
export const relevantExits = ({ exits, startedAt }: History, now: number): readonly number[] =>
  now - startedAt >= steadyMs ? [now] : [...exits.slice(1 - crowded), now];

/**
 * How long to wait before the next start: 1 s, doubling, at most 60 s; 60 s at once after five ends within five minutes. `random` in [0, 1)
 * spreads it by a fifth, so that servers that fell together do not rise together. Never gives up.
 */
export function restartDelay(exits: readonly number[], now: number, random: number): number {
  const recent = exits.filter((at) => now - at <= crowdedWindowMs).length;
  const base = recent >= crowded ? longestMs : Math.min(longestMs, shortestMs * 2 ** Math.max(0, recent - 1));
  return Math.round(base * (0.8 + 0.4 * random));
}
