import { expect, test } from "bun:test";
import { bounds, createDurations } from "../../src/lib/durations.ts";

const placesOf = (counts: readonly number[] = []) =>
  counts.flatMap((count, place) => (count > 0 ? [[place, count]] : []));

test("a duration is counted once, in the first bucket that it fits", () => {
  const durations = createDurations();
  for (const ms of [0, 1, 1.1, 300_000, 300_001]) durations.add("s", ms);
  const { counts, seconds } = durations.servers().get("s") ?? {};
  const last = bounds.length;
  expect(placesOf(counts)).toEqual([
    [0, 2],
    [1, 1],
    [last - 1, 1],
    [last, 1],
  ]);
  expect(seconds).toBeCloseTo(600.0031);
});

test("servers that come and go are counted together in the end, and nothing is lost", () => {
  const durations = createDurations();
  for (let n = 0; n < 5_000; n++) durations.add(`s${n}`, 1);
  durations.add("s1", 1);
  const servers = durations.servers();
  expect(servers.size).toBeLessThanOrEqual(1_001);
  expect([servers.get("s1")?.counts[0], servers.get("")?.counts[0]]).toEqual([2, 4_000]);
});
