import { expect, test } from "bun:test";
import { createCounters } from "../../src/lib/counters.ts";

test("a meter and the counters themselves count the same thing, up and down", () => {
  const counters = createCounters();
  const meters = [counters.of("s"), counters.of("s")];
  for (const meter of meters) meter.shift("calls_under_way", 1);
  meters[0]?.shift("calls_under_way", -1);
  meters[1]?.add("calls");
  counters.add("calls", "s", 2);
  expect([counters.numbers("calls").get("s"), counters.numbers("calls_under_way").get("s")]).toEqual([3, 1]);
  expect(counters.numbers("calls_waiting").size).toBe(0);
});

test("servers and projects that come and go are counted together in the end, and nothing is lost", () => {
  const counters = createCounters();
  for (let n = 0; n < 5_000; n++) counters.of(`s${n}`).add("calls");
  counters.of("s1").add("calls");
  expect(counters.numbers("calls").size).toBeLessThanOrEqual(1_001);
  expect([counters.numbers("calls").get("s1"), counters.numbers("calls").get("")]).toEqual([2, 4_000]);
  expect(counters.total("calls")).toBe(5_001);
});
