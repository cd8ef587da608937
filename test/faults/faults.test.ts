import { afterAll, describe, expect, test } from "bun:test";
import { type Cell, type Fault, faults } from "./faults.ts";
import { openFiles, watchTimers, zombies } from "./left.ts";
import { type Planned, type Run, runAll } from "./matrix.ts";
import { notSurvived } from "./survived.ts";
import { type TransportName, transports } from "./transports.ts";

/** `bun run faults` tries all; the suite one fault of each group, over a process and over HTTP. */
const isWhole = process.env["MCPCTL_FAULTS"] === "all";
const onlyName = process.env["FAULT"];
const sample = [
  "reset during headers",
  "hang after the first byte",
  "deep JSON",
  "duplicate tool names",
  "stdout log noise",
].concat(["exit 1 mid-call", "database locked", "vanishing client"]);
const tried = (Object.keys(transports) as TransportName[]).filter(
  (name) => isWhole || name === "stdio" || name === "http",
);
const timers = watchTimers();

const plannedFor = (transport: TransportName): Planned[] =>
  faults.flatMap((fault: Fault) => {
    const cell = fault.cells[transport];
    if ("absent" in cell || !(isWhole || sample.includes(fault.name))) return [];
    return onlyName === undefined || fault.name === onlyName ? [{ fault, cell }] : [];
  });

const total: Record<string, number> = { survived: 0, open: 0 };
const took: Record<"alone" | "meanwhile", number[]> = { alone: [], meanwhile: [] };
const at = (list: number[], share: number): string =>
  (list.toSorted((a, b) => a - b)[Math.floor(list.length * share)] ?? 0).toFixed(1);

describe.each(tried.filter((name) => onlyName === undefined || plannedFor(name).length > 0))("%s", (transport) => {
  const planned = plannedFor(transport);
  let run: Run | undefined;
  const running = () => (run ??= runAll(transport, planned));

  test.each(planned.map(({ fault, cell }): [string, Fault, Cell] => [fault.name, fault, cell]))(
    "%s",
    async (name, fault, cell) => {
      const seen = await running().outcome(name);
      const why = seen instanceof Error ? [seen.message] : notSurvived(fault, cell, seen);
      if (cell.open !== undefined) {
        total["open"] = (total["open"] ?? 0) + 1;
        expect([name, why.length > 0 ? "open" : "survives: take `open` off its row"]).toEqual([name, "open"]);
        return;
      }
      expect(why).toEqual([]);
      total["survived"] = (total["survived"] ?? 0) + 1;
    },
    120_000,
  );

  test("nothing is left when all is over", async () => {
    const { alone, meanwhile } = await running().finished;
    took.alone.push(...alone);
    took.meanwhile.push(...meanwhile);
    Bun.gc(true);
    await Bun.sleep(3000);
    console.log(
      transport,
      openFiles().length,
      openFiles().sort().join(" "),
      [...timers.census()],
      zombies(),
      process.memoryUsage.rss() / 1e6,
    );
  }, 120_000);
});

afterAll(() => {
  const line = (name: string, list: number[]) => `${name} p50 ${at(list, 0.5)} ms, p99 ${at(list, 0.99)} ms`;
  process.stdout.write(`faults: ${total["survived"]} cells survived, ${total["open"]} open; a neighbour's calls: `);
  process.stdout.write(
    `${line("alone", took.alone)}; ${line("meanwhile", took.meanwhile)} (${took.meanwhile.length})\n`,
  );
});
