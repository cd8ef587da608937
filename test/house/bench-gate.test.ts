import { expect, test } from "bun:test";
import { limits } from "../../bench/limits.ts";
import { judge } from "../../bench/verdict.ts";

const limit = [{ what: "a call", atMost: 1.5 }];
const costing = (...ratios: number[]) => [{ what: "a call", pairs: ratios.map((own) => ({ own, floor: 1 })) }];
const isWithin = (...ratios: number[]) => judge(costing(...ratios), limit).map((each) => each.isWithin);

test("what costs as much as it may is within, what costs more is not", () => {
  expect(isWithin(1.5, 1.5, 1.5)).toEqual([true]);
  expect(isWithin(1.6, 1.6, 1.6)).toEqual([false]);
});

test("a bad round in three says nothing, two do", () => {
  expect(isWithin(1, 40, 1)).toEqual([true]);
  expect(isWithin(1, 40, 40)).toEqual([false]);
});

test("a round is compared with the floor of that round", () => {
  const pairs = [1, 9, 3].map((floor) => ({ own: floor * 1.2, floor }));
  const [judged] = judge([{ what: "a call", pairs }], limit);
  expect(judged?.ratio).toBeCloseTo(1.2);
});

test("what was not measured, what has no limit, and a figure that is none are not within", () => {
  expect(judge([], limit)).toMatchObject([{ what: "a call", isWithin: false }]);
  expect(judge(costing(1), [])).toMatchObject([{ what: "a call", isWithin: false }]);
  expect(isWithin(1, Number.NaN, 1)).toEqual([false]);
});

test("limits that are lower are exceeded", () => {
  expect(judge(costing(1.2), limit, 0.5)).toMatchObject([{ isWithin: false }]);
});

test("every limit is there once", () => {
  expect(new Set(limits.map(({ what }) => what)).size).toBe(limits.length);
});
