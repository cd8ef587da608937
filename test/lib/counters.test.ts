import { expect, test } from "bun:test";
import { createCounters } from "../../src/lib/counters.ts";

test("servers and projects that come and go are counted together in the end, and nothing is lost", () => {
  const counters = createCounters();
  for (let n = 0; n < 5_000; n++) counters.of(`s${n}`).add("calls");
  counters.of("s1").add("calls");
  expect(counters.numbers("calls").size).toBeLessThanOrEqual(1_001);
  expect([counters.numbers("calls").get("s1"), counters.numbers("calls").get("")]).toEqual([2, 4_000]);
  expect(counters.total("calls")).toBe(5_001);
});
