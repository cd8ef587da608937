import { expect, test } from "bun:test";
import { type Sample, slopes } from "../../bench/slopes.ts";

const sampled = (change: (minutes: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 121 }, (_, n) => {
    const still = { rssMb: 100, descriptors: 50, processes: 8, zombies: 0, longestMs: 3 };
    return { at: n * 5_000, ...still, ...change(n / 12) };
  });
const growing = (samples: Sample[]) => slopes(samples).flatMap(({ figure, isFlat }) => (isFlat ? [] : [figure]));

test("what goes up and down is flat; what goes up for ten minutes is not, and its slope is told by the hour", () => {
  expect(growing(sampled((m) => ({ rssMb: 100 + 15 * Math.sin(m), processes: m % 2 === 0 ? 7 : 8 })))).toEqual([]);
  const leaking = sampled((m) => ({ rssMb: 100 + 5 * m, descriptors: 50 + 5 * m, zombies: Math.floor(m) }));
  expect(growing(leaking)).toEqual(["rssMb", "descriptors", "zombies"]);
  expect(slopes(leaking)[0]?.perHour).toBeCloseTo(300);
});

test("memory that settles in the first minute has not grown", () => {
  expect(growing(sampled((m) => ({ rssMb: m < 1 ? 60 + 60 * m : 120 })))).toEqual([]);
});
