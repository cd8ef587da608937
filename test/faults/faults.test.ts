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
const cellsOf = (transport: TransportName, isWanted: (fault: Fault) => boolean): Planned[] =>
  faults.filter(isWanted).flatMap((fault) => {
    const cell = fault.cells[transport];
    return "absent" in cell ? [] : [{ fault, cell }];
  });
const { transports, settings, missing, stop } = await startTransports(
  transportNames.filter((name) => isWhole || name === "stdio" || name === "http"),
);
for (const why of missing) process.stderr.write(`skipped: ${why}\n`);

const stock = takeStock();
/** What a process holds once it has been through the worst is its own. */
const worst: readonly string[] = ["11 MiB in a line", "10,000 tools", "progress flood", "stderr flood"];
afterAll(stop);

const count = { survived: 0, open: 0 };
const took = { alone: [] as number[], meanwhile: [] as number[] };

describe.each([...transports])("%s", (transport, start) => {
  const planned = cellsOf(transport, isTried);
  if (planned.length === 0) return;
  let run: Run;
  let before: Inventory;

  beforeAll(async () => {
    const warming = cellsOf(transport, ({ name }) => worst.includes(name));
    await runAll(transport, start, warming, settings).finished;
    before = stock();
    run = runAll(transport, start, planned, settings);
  }, 120_000);

  test.each(planned.map(({ fault, cell }): [string, Fault, Cell] => [fault.name, fault, cell]))(
    "%s",
    async (name, fault, cell) => {
      const seen = await run.outcome(name);
      const why = seen instanceof Error ? [seen.message] : notSurvived(fault, cell, seen);
      if (cell.open === undefined) expect(why).toEqual([]);
      else expect(why, `${name} survives now: take \`open\` off its row`).not.toEqual([]);
      count[cell.open === undefined ? "survived" : "open"]++;
    },
    120_000,
  );

  test("nothing is left when all is over", async () => {
    const { alone, meanwhile } = await run.finished;
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
