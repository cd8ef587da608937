import { expect, test } from "bun:test";
import { patternCovers, toolPatternCovers } from "../../src/lib/pattern.ts";

test("pieces are found in order, none twice, and a star of the text only by a star", () => {
  for (const [pattern, text] of [
    ["*", ""],
    ["a*", "a*"],
    ["a*c*e", "abcde"],
    ["*ab*ab", "abab"],
    ["a**b", "ab"],
  ] as const)
    expect([pattern, patternCovers(pattern, text)]).toEqual([pattern, true]);
  for (const [pattern, text] of [
    ["", "a"],
    ["ab*ba", "aba"],
    ["*ab*ab", "ab"],
    ["a*b", "a*"],
    ["ab", "a*"],
    ["*ab*", "a*b"],
  ] as const)
    expect([pattern, patternCovers(pattern, text)]).toEqual([pattern, false]);
});

test("patterns that nearly fit cost little: a definition may be compared with another, a thousand each", () => {
  const [pattern, text] = [`files/*${"a".repeat(170)}0001b`, `files/a${"a".repeat(170)}0002c`];
  const started = performance.now();
  for (let i = 0; i < 100_000; i++) toolPatternCovers(pattern, text);
  // Character by character it took seven seconds, and a million of them are one write.
  expect(performance.now() - started).toBeLessThan(3_000);
});
