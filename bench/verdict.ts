/** A ratio that is not to be exceeded. */
export type Limit = { what: string; atMost: number };
/** CPU of one thing in each round: of mcpctl, and of the floor beside it. */
export type Pairs = { what: string; pairs: readonly { own: number; floor: number }[] };
export type Judged = { what: string; ratio: number; atMost: number; isWithin: boolean };

/**
 * Each measured thing against its limit. A round is compared with itself, and of the rounds the middle one counts: a neighbour that takes the
 * machine for a second makes one of them wrong, not the verdict. What has no limit, no figure, or is missing, is not within.
 */
export function judge(measured: readonly Pairs[], limits: readonly Limit[], scale = 1): Judged[] {
  const names = [...new Set([...limits, ...measured].map(({ what }) => what))];
  return names.map((what) => {
    const atMost = (limits.find((limit) => limit.what === what)?.atMost ?? Number.NaN) * scale;
    const ratio = middle(
      (measured.find((each) => each.what === what)?.pairs ?? []).map(({ own, floor }) => own / floor),
    );
    return { what, ratio, atMost, isWithin: ratio <= atMost };
  });
}

function middle(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b);
  const at = sorted.length / 2;
  // Of an even number the higher one: it is not to be exceeded.
  return list.some(Number.isNaN) ? Number.NaN : (sorted[Math.floor(at)] ?? Number.NaN);
}
