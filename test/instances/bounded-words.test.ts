import { describe, expect, test } from "bun:test";
import { boundedWords } from "../../src/instances/bounded-words.ts";

async function drained(chunks: readonly (string | { afterMs: number })[]): Promise<string[]> {
  const lines: string[] = [];
  const said = boundedWords((line) => lines.push(line));
  await said.drain(
    (async function* () {
      for (const chunk of chunks)
        if (typeof chunk === "string") yield Buffer.from(chunk);
        else await Bun.sleep(chunk.afterMs);
    })(),
  );
  said.end();
  return lines;
}
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}\n`).join("");

describe("of what a process says", () => {
  test("all is kept that comes at an ordinary pace, last words without an end of line included", async () => {
    expect(await drained(["one\ntw", "o\r\n", "", "thr", "ee"])).toEqual(["one", "two", "three"]);
    expect(await drained([numbered(0, 200)])).toHaveLength(200);
    expect(await drained([])).toEqual([]);
  });

  test("two hundred lines a second are kept, and the rest is counted, however it is cut", async () => {
    for (const chunks of [
      [numbered(0, 1_434)],
      [numbered(0, 200), numbered(200, 1_434)],
      [numbered(0, 300), numbered(300, 1_000), numbered(1_000, 1_434)],
      [...numbered(0, 1_434)].reduce<string[]>((all, c, i) => {
        if (i % 1000 === 0) all.push("");
        all[all.length - 1] += c;
        return all;
      }, []),
    ]) {
      const lines = await drained(chunks);
      expect(lines).toHaveLength(201);
      expect(lines.slice(-2)).toEqual(["line 199", "[mcpctl] 1,234 lines left out"]);
    }
  });

  test("a new second begins anew, and with a whole line", async () => {
    const lines = await drained([numbered(0, 250), "half of a li", { afterMs: 1_100 }, "ne\nwhole\n"]);
    expect(lines.slice(199)).toEqual(["line 199", "[mcpctl] 50 lines left out", "whole"]);
  });

  test("a megabyte a second is looked at, whether it has lines or not", async () => {
    const lines = await drained(Array.from({ length: 40 }, () => "x".repeat(100_000)));
    expect(lines).toEqual(["[mcpctl] 1 line left out"]);
  });
});
