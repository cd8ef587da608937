import { expect, test } from "bun:test";
import fc from "fast-check";
import { failed, patience, pauseAfter, type Weight, waitOf } from "../../src/auth/back-off.ts";

const second = 1000;
const minute = 60 * second;

test("five failures of an account are free, then a second, doubling to a quarter of an hour", () => {
  const pauses = [4, 5, 6, 7, 14, 15, 1_000_000].map((count) => pauseAfter(count, patience.account) / second);
  expect(pauses).toEqual([0, 1, 2, 4, 512, 900, 900]);
});

test("an address is given twenty", () => {
  expect([19, 20, 21].map((count) => pauseAfter(count, patience.address) / second)).toEqual([0, 1, 2]);
});

const after = (gapsMs: readonly number[], rule = patience.account) => {
  let now = 0;
  let weight: Weight | undefined;
  for (const gap of gapsMs) {
    now += gap;
    weight = failed(weight, now, rule);
  }
  return { weight, now };
};

test("quiet time forgives one failure a quarter of an hour, and only quiet time", () => {
  const { weight, now } = after([0, 0, 0, 0, 0, 0, 0]);
  expect(weight?.count).toBe(7);
  expect(failed(weight, now + 14 * minute, patience.account).count).toBe(8);
  expect(failed(weight, now + 45 * minute, patience.account).count).toBe(5);
  expect(failed(weight, now + 10_000 * minute, patience.account).count).toBe(1);
});

test("years of guessing are forgiven in hours, not in years", () => {
  const { weight, now } = after(Array.from({ length: 10_000 }, () => 15 * minute - 1));
  expect(waitOf(weight, now, patience.account)).toBe(15 * minute);
  expect(failed(weight, now + 4 * 60 * minute, patience.account).count).toBeLessThan(patience.account.free);
});

test("whatever the history: a wait never exceeds the longest pause, shrinks as time goes, and is none for who is unknown", () => {
  const gaps = fc.array(fc.nat(40 * minute), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: -minute, max: 40 * minute }), (history, later) => {
      const { weight, now } = after(history);
      const wait = waitOf(weight, now + later, patience.account);
      expect(wait).toBeLessThanOrEqual(15 * minute);
      expect(wait).toBe(Math.max(0, waitOf(weight, now, patience.account) - Math.max(0, later)));
      if (weight === undefined) expect(wait).toBe(0);
    }),
  );
});

test("a guesser who waits out every pause has under 120 guesses a day", () => {
  let weight: Weight | undefined;
  let now = 0;
  let guesses = 0;
  while (now < 24 * 60 * minute) {
    weight = failed(weight, now, patience.account);
    guesses++;
    now += Math.max(1, waitOf(weight, now, patience.account));
  }
  expect(guesses).toBeLessThan(120);
});
