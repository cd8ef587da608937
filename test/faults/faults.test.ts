import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Cell, type Fault, faults } from "./faults.ts";
import { grown, type Inventory, takeStock } from "./left.ts";
import { type Planned, type Run, runAll } from "./matrix.ts";
import { notSurvived } from "./survived.ts";
import { startTransports, type TransportName, transportNames } from "./transports.ts";

/** `bun run faults` tries all of them; the suite one of each group, over a process and over HTTP. FAULT=NAME tries one alone. */
const isWhole = process.env["MCPCTL_FAULTS"] === "all";
const only = process.env["FAULT"];
const sample: readonly string[] = [
  ...["reset during headers", "hang after the first byte", "deep JSON", "duplicate tool names", "stdout log noise"],
  ...["exit 1 mid-call", "database locked", "vanishing client"],
];
const isTried = ({ name }: Fault) => (only === undefined ? isWhole || sample.includes(name) : name === only);
const cellsOf = (transport: TransportName): Planned[] =>
  faults.flatMap((fault) => {
    const cell = fault.cells[transport];
    return isTried(fault) && !("absent" in cell) ? [{ fault, cell }] : [];
  });
const { transports, settings, missing, stop } = await startTransports(
  transportNames.filter((name) => isWhole || name === "stdio" || name === "http"),
);
for (const why of missing) process.stderr.write(`skipped: ${why}\n`);

const stock = takeStock();
let before: Inventory;
/** What a process holds once it has been through the worst is its own. */
const hungry: readonly string[] = ["11 MiB in a line", "10,000 tools", "progress flood", "stderr flood"];
beforeAll(async () => {
  const [[transport, start] = []] = transports;
  if (transport === undefined || start === undefined) return;
  const planned = faults.flatMap((fault) => {
    const cell = fault.cells[transport];
    return hungry.includes(fault.name) && !("absent" in cell) ? [{ fault, cell }] : [];
  });
  await runAll(transport, start, planned, settings).finished;
  before = stock();
}, 60_000);
afterAll(stop);

const count = { survived: 0, open: 0 };
const took = { alone: [] as number[], meanwhile: [] as number[] };

describe.each([...transports])("%s", (transport, start) => {
  const planned = cellsOf(transport);
  if (planned.length === 0) return;
  let run: Run | undefined;
  const running = () => {
    run ??= runAll(transport, start, planned, settings);
    return run;
  };

  test.each(planned.map(({ fault, cell }): [string, Fault, Cell] => [fault.name, fault, cell]))(
    "%s",
    async (name, fault, cell) => {
      const seen = await running().outcome(name);
      const why = seen instanceof Error ? [seen.message] : notSurvived(fault, cell, seen);
      if (cell.open === undefined) expect(why).toEqual([]);
      else expect(why, `${name} survives now: take \`open\` off its row`).not.toEqual([]);
      count[cell.open === undefined ? "survived" : "open"]++;
    },
    120_000,
  );

  test("nothing is left when all is over", async () => {
    const { alone, meanwhile } = await running().finished;
    took.alone.push(...alone);
    took.meanwhile.push(...meanwhile);
    let left = grown(before, stock());
    for (let i = 0; i < 60 && left.length > 0; i++) {
      await Bun.sleep(500);
      left = grown(before, stock());
    }
    expect(left).toEqual([]);
  }, 120_000);
});

afterAll(() => {
  const at = (list: number[], share: number) =>
    `${(list.toSorted((a, b) => a - b)[Math.floor(list.length * share)] ?? 0).toFixed(1)} ms`;
  const line = (list: number[]) => `p50 ${at(list, 0.5)}, p99 ${at(list, 0.99)}`;
  const calls = `alone ${line(took.alone)}; meanwhile ${line(took.meanwhile)} of ${took.meanwhile.length}`;
  process.stdout.write(`faults: ${count.survived} cells survived, ${count.open} open; a neighbour's calls: ${calls}\n`);
});
