import { expect, test } from "bun:test";
import { parseSelector } from "../../src/resources/selector.ts";

const docs = { team: "docs", tier: "prod", empty: "" };

test.each([
  ["team=docs", true],
  ["team==docs", true],
  ["team = docs", true],
  ["team=ops", false],
  ["team!=docs", false],
  ["team!=ops", true],
  ["other!=x", true],
  ["team", true],
  ["other", false],
  ["!other", true],
  ["!team", false],
  ["empty=", true],
  ["empty", true],
  ["other=", false],
  ["team=docs,tier=prod", true],
  ["team=docs, tier=test", false],
  // No property of every object is a label.
  ["constructor", false],
  ["constructor!=x", true],
])("%s", (text, chosen) => {
  expect(parseSelector(text)(docs)).toBe(chosen);
});

test("what has no labels is chosen by what may be lacking alone", () => {
  expect(parseSelector("!team,tier!=prod")(undefined)).toBe(true);
  expect(parseSelector("team")(undefined)).toBe(false);
});

test.each(["", " ", "a=b,", ",a", "a=b=c", "a b", "=x", "a in (b)", "-a", "a=ü", "a\u001b[31m"])(
  "refused: %p",
  (text) => {
    expect(() => parseSelector(text)).toThrow(/part \d of the selector is none/);
  },
);
