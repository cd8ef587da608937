import { colors } from "consola/utils";
import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import { toYaml } from "../lib/yaml.ts";
import type { AnyKind, Column, Resource } from "../resources/define.ts";
import type { Env } from "./environment.ts";
import type { Args } from "./verb.ts";
import { wrapped } from "./wrap.ts";

const formats = ["table", "wide", "json", "yaml", "name"] as const;
export type Format = (typeof formats)[number];

/** @throws Problem `invalid` */
export function formatOf(args: Args, allowed: readonly Format[] = formats): Format {
  const format = args.flag("output") ?? "table";
  const known = allowed.find((candidate) => candidate === format);
  if (known === undefined) throw new Problem("invalid", `-o takes ${allowed.join(", ")}`);
  return known;
}

/** Prints resources of one kind. One that was asked for by name stands alone; lists are kubectl's `List`. */
export function printResources(
  kind: AnyKind,
  items: readonly Resource[],
  single: boolean,
  format: Format,
  env: Env,
): void {
  const documents = items.map((item) => ({ kind: kind.kind, ...item }));
  if (format === "json") env.out(JSON.stringify(single ? documents[0] : { kind: "List", items: documents }, null, 2));
  else if (format === "yaml") env.out(documents.map(toYaml).join("---\n").trimEnd());
  else if (format === "name") for (const item of items) env.out(`${kind.plural}/${item.name}`);
  else if (items.length === 0) env.err(`No ${kind.plural} found.`);
  else
    printTable(
      [
        { header: "NAME", value: (item) => item.name },
        ...kind.columns,
        ...(format === "wide" ? (kind.wide ?? []) : []),
      ],
      items,
      env,
    );
}

function printTable(columns: readonly Column[], items: readonly Resource[], env: Env): void {
  const rows = items.map((item) =>
    columns.map(({ value }) => (env.isTerminal ? humane(value(item), env.now()) : value(item))),
  );
  env.out(
    table(
      columns.map(({ header }) => header),
      rows,
      env,
    ),
  );
}

/** Aligned columns, three blanks apart; cells are made harmless, states coloured on a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], env: Env): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => Bun.stringWidth(row[i] ?? ""))));
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, width) => sum + width + 3, 0));
  const lineOf = (row: readonly string[], line: number): string =>
    row
      .map((cell, i) =>
        (i === row.length - 1 ? "" : " ".repeat((widths[i] ?? 0) - Bun.stringWidth(cell) + 3)).replace(/^/, () =>
          coloured(cell, line, env),
        ),
      )
      .join("")
      .trimEnd();
  return cells
    .flatMap((row, line) => {
      const last = row.findLastIndex((cell) => cell !== "");
      const start = starts[last] ?? 0;
      const columns = env.screen?.columns ?? Number.POSITIVE_INFINITY;
      const cell = row[last] ?? "";
      if (last < 1 || start + Bun.stringWidth(cell) <= columns) return [lineOf(row, line)];
      const before = row.slice(0, last);
      if (line === 0) return [lineOf(before, line)];
      // What does not fit goes on below its beginning, or under its row where there is no room for that.
      if (columns - start < leastColumn)
        return [lineOf(before, line), ...wrapped(`${head[last]}: ${cell}`, columns - 4).map((text) => `    ${text}`)];
      const [first = "", ...others] = wrapped(cell, columns - start);
      return [lineOf([...before, first], line), ...others.map((text) => " ".repeat(start) + text)];
    })
    .join("\n");
}

/** A narrower one is a ladder of words. */
const leastColumn = 24;

/** A text of many lines: each stands behind a bar, so that none of it passes for words of mcpctl. */
export const quoted = (text: unknown): string =>
  String(text)
    .trimEnd()
    .split("\n")
    .map((line) => `  | ${printable(line)}`.trimEnd())
    .join("\n");

const stateColours: Record<string, (text: string) => string> = {
  RUNNING: colors.green,
  STARTING: colors.yellow,
  STOPPING: colors.yellow,
  ERROR: colors.red,
  healthy: colors.green,
  degraded: colors.yellow,
  unhealthy: colors.red,
  active: colors.green,
  expired: colors.yellow,
  rotated: colors.yellow,
  revoked: colors.red,
  disabled: colors.yellow,
  refused: colors.yellow,
  error: colors.red,
};

function coloured(cell: string, line: number, env: Env): string {
  if (!env.isTerminal || env.variables["NO_COLOR"] !== undefined) return cell;
  // "RUNNING 2/3" is a state too.
  const word = cell.replace(/ \d+\/\d+$/, "");
  return line === 0 ? colors.bold(cell) : (stateColours[word]?.(cell) ?? cell);
}

/** "3m ago" for what a person reads; machines get the instant. */
export function humane(cell: string, now: number): string {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(cell)) return cell;
  const seconds = Math.round((Date.parse(cell) - now) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 90
      ? [size, "s"]
      : size < 5400
        ? [Math.round(size / 60), "m"]
        : size < 172_800
          ? [Math.round(size / 3600), "h"]
          : [Math.round(size / 86_400), "d"];
  return seconds <= 0 ? `${count}${unit} ago` : `in ${count}${unit}`;
}
