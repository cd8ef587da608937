import { type Figure, type Figures, isMet, type Row, type Verdict } from "./results.ts";

/** How each figure is told, in the order of the table; the first is the one that is compared. */
const told: readonly [figure: Figure, text: (value: number) => string][] = [
  ["cpu", (v) => `${v.toFixed(2)} s/10k`],
  ["p50", (v) => `p50 ${v.toFixed(2)}`],
  ["p95", (v) => `p95 ${v.toFixed(2)}`],
  ["p99", (v) => `p99 ${v.toFixed(2)} ms`],
  ["rate", (v) => `${v.toFixed(0)}/s`],
  ["kib", (v) => `${v.toFixed(1)} KiB each`],
  ["ms", (v) => `${v.toFixed(1)} ms`],
  ["blockedMs", (v) => `blocked ${v.toFixed(1)} ms`],
  ["rssMb", (v) => `${v.toFixed(0)} MB RSS`],
  ["mb", (v) => `${v.toFixed(1)} MB`],
  ["connections", (v) => `${v} connections`],
  ["errors", (v) => `${v} errors`],
];

export const figuresIn = (figures: Figures): string[] =>
  told.flatMap(([name, text]) => (figures[name] === undefined ? [] : [text(figures[name])]));

/** What a row is compared with of its own scenario: the same way where it was measured, such as `floor, events`. */
export function baseOf(rows: readonly Row[], { scenario, target }: Row, base: string): Row | undefined {
  const [, ...way] = target.split(", ");
  const named = (name: string) => rows.find((row) => row.scenario === scenario && row.target === name);
  return named([base, ...way].join(", ")) ?? named(base);
}

/** How many times the first figure of a row is that of its base; the work of the upstream alone is what a call costs without anybody. */
export function ratio(rows: readonly Row[], row: Row, base: string): number | undefined {
  const other = baseOf(rows, row, base)?.figures;
  const figure = (["cpu", "kib", "ms"] as const).find((name) => row.figures[name] !== undefined);
  const [own, theirs] = [figure && row.figures[figure], figure && other?.[figure]];
  return own === undefined || theirs === undefined ? undefined : own / theirs;
}

export function lineOf(rows: readonly Row[], row: Row): string {
  const times = (base: string) => {
    const value = ratio(rows, row, base);
    return value === undefined ? "" : `${value.toFixed(2)} x ${base}`;
  };
  return [
    `  ${row.target.padEnd(22)}`,
    times("floor").padEnd(14),
    times("direct").padEnd(15),
    figuresIn(row.figures).join("  "),
  ].join(" ");
}

export const wordsOf = (value: number, unit: string): string =>
  unit === "" ? String(value) : `${value.toFixed(Math.abs(value) < 10 ? 2 : 1)} ${unit}`;

export function verdictLine(verdict: Verdict): string {
  const { what, unit, value, atMost } = verdict;
  return `  ${isMet(verdict) ? "met   " : "MISSED"} ${what}: ${wordsOf(value, unit)}, wanted <= ${wordsOf(atMost, unit)}${distance(verdict)}`;
}

const distance = (verdict: Verdict): string =>
  isMet(verdict) || verdict.atMost === 0 ? "" : ` (${(verdict.value / verdict.atMost).toFixed(1)} times that)`;
