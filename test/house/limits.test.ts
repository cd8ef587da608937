import { expect, test } from "bun:test";
import type { TSchema } from "@sinclair/typebox";
import { counted, gauged } from "../../src/lib/counters.ts";
import {
  bytesInWords,
  projectLimits,
  projectLimitsOf,
  serverLimits,
  serverLimitsOf,
} from "../../src/resources/limits.ts";

/** The rows of one table of docs/servers.md: field, default, bounds, words, counters. */
function rowsOf(text: string, of: "server" | "project"): string[][] {
  const table = text.split(`| \`limits\` of a ${of} |`)[1]?.split("\n\n")[0] ?? "";
  return table
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.slice(2, -2).split(" | "));
}

/** The same out of the code, without the words. */
function expected(schema: TSchema, defaults: Readonly<Record<string, number>>): string[][] {
  return Object.entries(schema["properties"] as Record<string, TSchema>).map(([field, { minimum, maximum }]) => {
    const shown = (value: number) => (field.endsWith("Bytes") ? bytesInWords(value) : String(value));
    return [`\`${field}\``, shown(defaults[field] ?? 0), `${shown(minimum)}, ${shown(maximum)}`];
  });
}

const countersIn = (text: string): string[] =>
  [...text.matchAll(/`([a-z]+(?:_[a-z]+)*)`/g)].map(([, name = ""]) => name);

test("docs/servers.md tells each bound as it is, and which counter to look at", async () => {
  const text = await Bun.file("docs/servers.md").text();
  for (const [of, schema, defaults] of [
    ["server", serverLimits, serverLimitsOf({})],
    ["project", projectLimits, projectLimitsOf({})],
  ] as const) {
    const rows = rowsOf(text, of);
    expect(rows.map((row) => row.slice(0, 3))).toEqual(expected(schema, defaults));
    for (const row of rows)
      for (const name of countersIn(row.at(-1) ?? "")) expect(Object.keys({ ...counted, ...gauged })).toContain(name);
  }
});

test("every counter is told of there", async () => {
  const section = (await Bun.file("docs/servers.md").text()).split("## Limits")[1] ?? "";
  const told = countersIn(section);
  for (const name of Object.keys({ ...counted, ...gauged })) expect(told).toContain(name);
});

test("a row that is missing or says something else is seen", () => {
  const table = "| `limits` of a server | x |\n|---|---|\n| `depth` | 63 | 8, 512 | The same. | `calls` |\n\nmore";
  expect(rowsOf(table, "server")).toEqual([["`depth`", "63", "8, 512", "The same.", "`calls`"]]);
  expect(rowsOf(table, "project")).toEqual([]);
});
