import { expect, test } from "bun:test";
import { isKept, missesOf } from "./compare.ts";
import { explained } from "./explained.ts";
import { clientLegs, isMeant, serverLegs } from "./legs.ts";
import type { Score } from "./suite.ts";

const score = (entries: Record<string, number>): Score =>
  new Map(Object.entries(entries).map(([name, passed]) => [name, { passed, failed: 0 }]));
const leg = "2026-07-28 cross http server";
const known = [{ legs: "2026-07-28 cross", scenario: "b", atLeast: 2, reason: "because" }];

test("a scenario that keeps fewer checks is a miss, whatever else it gained, and so is one that is gone", () => {
  const result = { leg, direct: score({ a: 3, b: 4, c: 1 }), through: score({ a: 9, b: 3 }) };
  expect(missesOf(result, []).map(({ scenario }) => scenario)).toEqual(["b", "c"]);
  expect(isKept(result)).toBe(false);
});

test("an explanation holds for its own legs, down to what it says must be kept", () => {
  const reasonOf = (name: string, b: number) =>
    missesOf({ leg: name, direct: score({ b: 4 }), through: score({ b }) }, known)[0]?.reason;
  expect(reasonOf(leg, 2)).toBe("because");
  expect(reasonOf(leg, 1)).toBeUndefined();
  expect(reasonOf("2026-07-28 same http server", 2)).toBeUndefined();
  expect(reasonOf("2025-11-25 cross http server", 2)).toBeUndefined();
});

test("a leg that did not run kept nothing", () => {
  expect(isKept({ leg, direct: score({}), through: score({}), error: "no such field" })).toBe(false);
});

test("legs are chosen by words of their names, and every explanation speaks of some", () => {
  const meant = (words?: string) => serverLegs.filter(({ name }) => isMeant(name, words)).length;
  expect([meant(), meant("same-http"), meant("2026-07-28 cross"), meant("2025-11-25-cross-stdio")]).toEqual([
    20, 6, 4, 2,
  ]);
  expect(clientLegs.filter(({ name }) => isMeant(name, "client-cross"))).toHaveLength(2);
  const legs = [...serverLegs, ...clientLegs];
  for (const one of explained) expect(legs.some(({ name }) => isMeant(name, one.legs))).toBe(true);
});
