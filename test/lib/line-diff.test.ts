import { expect, test } from "bun:test";
import { unified } from "../../src/lib/line-diff.ts";

const numbers = Array.from({ length: 30 }, (_, i) => String(i + 1));

test("pieces with their places, as diff -u has them", async () => {
  const now = numbers.toSpliced(24, 1).toSpliced(2, 1, "three", "and a half");
  const file = async (name: string, lines: readonly string[]) => {
    const path = `/tmp/mcpctl-diff-${process.pid}-${name}`;
    await Bun.write(path, `${lines.join("\n")}\n`);
    return path;
  };
  const [a, b] = [await file("a", numbers), await file("b", now)];
  const { stdout } = Bun.spawnSync(["diff", "-u", a, b]);
  expect(unified(numbers, now)).toEqual(stdout.toString().trimEnd().split("\n").slice(2));
});

test("all new, all gone, and nothing", () => {
  expect(unified([], ["a", "b"])).toEqual(["@@ -0,0 +1,2 @@", "+a", "+b"]);
  expect(unified(["a"], [])).toEqual(["@@ -1 +0,0 @@", "-a"]);
  expect(unified(numbers, numbers)).toEqual([]);
});
