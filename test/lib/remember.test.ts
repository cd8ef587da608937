import { expect, test } from "bun:test";
import { remember } from "../../src/lib/remember.ts";

test("what was put longest ago goes first, and what is put again is the latest", () => {
  const map = new Map<string, number>();
  for (const [at, key] of ["a", "b", "c", "a", "d"].entries()) expect(remember(map, key, at, 3)).toBe(at);
  expect([...map]).toEqual([
    ["c", 2],
    ["a", 3],
    ["d", 4],
  ]);
});
