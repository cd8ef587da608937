/** How much failing is put up with: so much for nothing, then pauses that double. Times in milliseconds. */
export type Patience = { free: number; firstMs: number; longestMs: number; forgiveMs: number };

/** What weighs on an account or address: failures, attempts under way among them, and when the last of them began. */
export type Weight = { count: number; at: number };

const minute = 60_000;
const pauses = { firstMs: 1000, longestMs: 15 * minute };

/** One person mistypes now and then; behind one address there may be a whole office, so it is given more and forgiven sooner. */
export const patience = {
  account: { free: 5, ...pauses, forgiveMs: 15 * minute },
  address: { free: 20, ...pauses, forgiveMs: 5 * minute },
} as const satisfies Record<string, Patience>;

/** How long nothing may be tried after so many failures. */
export const pauseAfter = (count: number, { free, firstMs, longestMs }: Patience): number =>
  count < free ? 0 : Math.min(longestMs, firstMs * 2 ** (count - free));

/** How long it must still wait; 0 when it may try. A clock that was set back makes nobody wait longer than the pause. */
export const waitOf = (weight: Weight | undefined, now: number, rule: Patience): number =>
  weight === undefined ? 0 : Math.max(0, pauseAfter(weight.count, rule) - quiet(weight, now));

/** One failure more. Quiet time has forgiven some; what makes no pause longer is not counted, or forgiving it would take weeks. */
export function failed(weight: Weight | undefined, now: number, rule: Patience): Weight {
  const forgiven = weight === undefined ? 0 : Math.floor(quiet(weight, now) / rule.forgiveMs);
  const most = rule.free + Math.ceil(Math.log2(rule.longestMs / rule.firstMs));
  return { count: Math.min(most, Math.max(0, (weight?.count ?? 0) - forgiven) + 1), at: now };
}

const quiet = ({ at }: Weight, now: number) => Math.max(0, now - at);
