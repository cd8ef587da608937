/** What was seen of a process at one moment, `at` in ms since the beginning. */
export type Sample = {
  at: number;
  rssMb: number;
  descriptors: number;
  processes: number;
  zombies: number;
  longestMs: number;
};
type Figure = "rssMb" | "descriptors" | "processes" | "zombies";

/** By how much each may be higher in the last third than in the first: memory settles for long, and a slow moment has more connections open. */
const tolerated: Record<Figure, number> = { rssMb: 20, descriptors: 20, processes: 1, zombies: 0 };
/** Before this it fills its caches. */
const warmUpMs = 60_000;

export type Row = { figure: Figure; first: number; last: number; perHour: number; isFlat: boolean };

/** Least squares per hour, and the quiet moments of the last third against those of the first: what was let go of is gone then. */
export function slopes(all: readonly Sample[]): Row[] {
  const end = all.at(-1)?.at ?? 0;
  const samples = all.filter(({ at }) => at >= Math.min(warmUpMs, end / 3));
  return (Object.keys(tolerated) as Figure[]).map((figure) => {
    const third = Math.max(1, Math.floor(samples.length / 3));
    const values = samples.map((sample) => sample[figure]);
    const [first, last] = [quantile(values.slice(0, third), 0.25), quantile(values.slice(-third), 0.25)];
    const perHour = slope(
      samples.map(({ at }) => at / 3_600_000),
      values,
    );
    return { figure, first, last, perHour, isFlat: last - first <= tolerated[figure] };
  });
}

function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [x, y] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, value, n) => sum + (value - x) * ((ys[n] ?? y) - y), 0);
  return over / (xs.reduce((sum, value) => sum + (value - x) ** 2, 0) || 1);
}

export const quantile = (list: readonly number[], q: number): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length * q)] ?? Number.NaN;
