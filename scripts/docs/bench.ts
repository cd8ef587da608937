import { isMet, type Results, type Row, type Verdict } from "../../bench/results.ts";
import { figuresIn, ratio, wordsOf } from "../../bench/show.ts";
import { table } from "./markdown.ts";

/** The run that the pages tell of: `bun run bench --peers --out docs/performance.json` on an idle machine. */
export const kept = async (): Promise<Results> => (await Bun.file("docs/performance.json").json()) as Results;

export const machineLine = ({ machine, at, version, rounds }: Results): string =>
  `mcpctl ${version} on ${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, Bun ${machine.bun}, ${at.slice(0, 10)}; ` +
  `medians of ${rounds} rounds, ${machine.pinned ? "gateway on one core, upstream and load on the other" : "nothing pinned"}.`;

const times = (value: number | undefined): string => (value === undefined ? "" : `${value.toFixed(2)} x`);

/** Every row that was measured, a table for each scenario. */
export const fullTables = ({ rows }: Results): string =>
  [...new Set(rows.map(({ scenario }) => scenario))]
    .map((scenario) => {
      const own = rows.filter((row) => row.scenario === scenario);
      const line = (row: Row) => [
        row.target,
        times(ratio(own, row, "floor")),
        times(ratio(own, row, "direct")),
        figuresIn(row.figures).join(", "),
      ];
      return `**${scenario}**\n\n${table(["", "x floor", "x direct", "figures"], own.map(line))}`;
    })
    .join("\n\n");

const verdict = (each: Verdict): string[] => [
  each.scenario,
  each.what,
  wordsOf(each.value, each.unit),
  wordsOf(each.atMost, each.unit),
  isMet(each) ? "met" : each.atMost === 0 ? "missed" : `missed: ${(each.value / each.atMost).toFixed(2)} times that`,
];

export const verdictTable = ({ verdicts }: Results): string =>
  table(["scenario", "what", "measured", "wanted, at most", ""], verdicts.map(verdict));

/** What README tells: CPU of a call beside the floor's, and how many aims are met. */
export function shortTable(results: Results): string {
  const shown = results.rows.filter(
    ({ part, scenario, figures }) =>
      part === "calls" && figures.cpu !== undefined && /at once, legacy$/.test(scenario) && /32|64 KiB/.test(scenario),
  );
  const line = (row: Row) => [
    row.scenario,
    row.target,
    times(ratio(shown, row, "floor")),
    figuresIn(row.figures).slice(0, 4).join(", "),
  ];
  const met = results.verdicts.filter(isMet).length;
  return `${table(["", "through", "CPU, x floor", "figures"], shown.map(line))}\n\n${met} of ${results.verdicts.length} aims are met; all of them, and what is behind each, in [docs/performance.md](docs/performance.md).`;
}

/** A page with what stands between two marks made anew. @throws when they are not there */
export function between(text: string, name: string, made: string): string {
  const [begin, end] = [
    `<!-- ${name}: made of docs/performance.json by bun scripts/docs.ts -->`,
    `<!-- end of ${name} -->`,
  ];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`there is no place for ${name}`);
  return `${text.slice(0, from + begin.length)}\n\n${made}\n\n${text.slice(to)}`;
}
