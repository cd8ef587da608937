import { expect, test } from "bun:test";
import fc from "fast-check";
import { createRates, draw, type Rate } from "../../src/auth/rate.ts";

const rate: Rate = { perMinute: 10, burst: 10 };

test("ten at once, then one every six seconds, and who waited as told is let in", () => {
  const take = createRates(rate, 10);
  expect(Array.from({ length: 11 }, () => take("a", 0))).toEqual([...Array(10).fill(0), 6000]);
  expect([take("a", 5999), take("a", 6000), take("a", 6000)]).toEqual([1, 0, 6000]);
  expect(take("b", 0)).toBe(0);
});

test("whatever comes when: no minute sees more than a burst and a minute's share, nobody waits longer than for one", () => {
  const gaps = fc.array(fc.nat(9_000), { maxLength: 300 });
  fc.assert(
    fc.property(gaps, (history) => {
      let now = 0;
      let fullAt: number | undefined;
      const passed: number[] = [];
      for (const gap of history) {
        now += gap;
        const { waitMs, ...next } = draw(fullAt, now, rate);
        fullAt = next.fullAt;
        if (waitMs === 0) passed.push(now);
        else expect(draw(fullAt, now + waitMs, rate).waitMs).toBe(0);
        expect(waitMs).toBeLessThanOrEqual(6000);
      }
      for (const start of passed) {
        expect(passed.filter((at) => at >= start && at < start + 60_000).length).toBeLessThanOrEqual(20);
      }
    }),
  );
});

test("a clock that was set back a year keeps nobody out for more than one turn", () => {
  const year = 365 * 86_400_000;
  expect(draw(year, 0, rate).waitMs).toBeLessThanOrEqual(6000);
});

test("so many keys are remembered, not more", () => {
  const take = createRates({ perMinute: 1, burst: 1 }, 3);
  for (const key of ["a", "b", "c"]) take(key, 0);
  expect(take("a", 0)).toBe(60_000);
  take("d", 0);
  expect([take("b", 0), take("a", 0)]).toEqual([0, 60_000]);
});
