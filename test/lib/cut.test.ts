import { expect, test } from "bun:test";
import { cut, oneLine } from "../../src/lib/cut.ts";

test("a text is cut to its bound with a sign for what is missing, and never through a letter", () => {
  expect(cut("abcd", 4)).toBe("abcd");
  expect(cut("abcde", 4)).toBe("abc…");
  expect(cut("ab cde", 4)).toBe("ab…");
  expect(cut("ab😀cd", 4).isWellFormed()).toBe(true);
  expect(oneLine("  a\n\tb  ", 9)).toBe("a b");
});
