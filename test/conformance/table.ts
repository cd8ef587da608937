import { isKept, missesOf, type Result } from "./compare.ts";
import { type Explained, explained } from "./explained.ts";
import { type Count, type Score, totalOf } from "./suite.ts";

const cell = (count: Count | undefined): string =>
  count === undefined ? "–" : count.failed === 0 ? `${count.passed}` : `${count.passed} (${count.failed} failed)`;

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly string[][]): string =>
  [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

/** One line for each leg. */
export const totals = (results: readonly Result[]): string =>
  table(
    ["leg", "direct", "through", ""],
    results.map((result) => [
      result.leg,
      cell(totalOf(result.direct)),
      result.error ?? cell(totalOf(result.through)),
      verdict(result),
    ]),
  );

function verdict(result: Result): string {
  if (result.error !== undefined) return "did not run";
  const misses = missesOf(result);
  if (misses.length === 0) return "nothing lost";
  const open = misses.filter(({ reason }) => reason === undefined).length;
  return isKept(result) ? `${misses.length} explained` : `${open} of ${misses.length} unexplained`;
}

/** Scenario by scenario, the direct score first, then each leg's. */
export function matrix(results: readonly Result[]): string {
  const direct: Score = results[0]?.direct ?? new Map();
  const columns = results.filter(({ error }) => error === undefined);
  return table(
    ["scenario", "direct", ...columns.map(({ leg }) => leg.split(" ").slice(1).join(" "))],
    [...direct].map(([scenario, count]) => [
      scenario,
      cell(count),
      ...columns.map(({ through }) => cell(through.get(scenario))),
    ]),
  );
}

/** What was lost without an explanation, leg by leg, and what the suite says of it; empty when there is nothing. */
export const losses = (results: readonly Result[]): string =>
  results
    .filter(({ error }) => error === undefined)
    .flatMap((result) => missesOf(result).map((miss) => ({ leg: result.leg, ...miss })))
    .filter(({ reason }) => reason === undefined)
    .map(({ leg, scenario, direct, through, why }) =>
      [`${leg}: ${scenario} keeps ${through} of ${direct}`, ...why.map((one) => `    ${one}`)].join("\n"),
    )
    .join("\n");

/** One line for each reason, with the scenarios that it is about and how many checks they keep. */
export function explanations(known: readonly Explained[] = explained): string {
  const byReason = Map.groupBy(known, ({ legs, reason }) => `${legs}: ${reason}`);
  return table(
    ["legs", "scenarios, and the checks they keep", "why"],
    [...byReason.values()].map((alike) => [
      alike[0]?.legs ?? "",
      alike.map(({ scenario, atLeast }) => `${scenario} ${atLeast}`).join(", "),
      alike[0]?.reason ?? "",
    ]),
  );
}
