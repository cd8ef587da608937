import { expect, test } from "bun:test";
import { namesIn } from "./names.ts";

type Row = { feature: string; tests: string[] };

/** The rows of the matrix: the feature, and what stands in backquotes in the last column. */
const rowsOf = (text: string): Row[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| feature "))
    .map((line) => {
      const columns = line.split(" | ");
      const named = columns.at(-1)?.matchAll(/`([^`]+)`/g) ?? [];
      return {
        feature: columns[0]?.slice(2) ?? "",
        tests: columns.length < 7 ? [] : [...named].map(([, it = ""]) => it),
      };
    });

async function faultsIn(rows: readonly Row[]): Promise<string[]> {
  const faults: string[] = [];
  for (const { feature, tests } of rows) {
    if (tests.length === 0) faults.push(`${feature} names no test`);
    for (const named of tests) {
      const [file = "", name = ""] = named.split(" › ");
      const path = `test/${file.includes("/") ? file : `scenarios/${file}`}.test.ts`;
      if (!(await namesIn(path)).has(name)) faults.push(`${feature}: ${path} has no test "${name}"`);
    }
  }
  return faults;
}

test("each row of the matrix in docs/bridging.md names its tests, and they are there", async () => {
  const rows = rowsOf(await Bun.file("docs/bridging.md").text());
  expect(await faultsIn(rows)).toEqual([]);
  expect(rows.length).toBeGreaterThan(15);
});

test("a row without a test, and one whose test is not there, are seen", async () => {
  const row = (tests: string) => `| a | ✔ | ✔ | ✔ | ✔ | so | ${tests} |`;
  const name = "a row without a test, and one whose test is not there, are seen";
  expect(await faultsIn(rowsOf(row(`\`house/bridging › ${name}\``)))).toEqual([]);
  for (const bad of [row(""), row(`\`house/bridging › ${name}!\``), row("`nowhere › x`"), "| a | ✔ | `house/x › y` |"])
    expect(await faultsIn(rowsOf(bad))).toHaveLength(1);
});
