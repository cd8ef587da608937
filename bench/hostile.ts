// What one hostile server costs everybody else: `bun bench/hostile.ts [--rounds 5] [--seconds 2] [--only WORDS]`. Needs dist/mcpctl.
// Rounds with and without it take turns within one run, since machines are noisy; of each the middle one of their p99 counts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { floods, hostile } from "../test/delivery/hostile.ts";
import { call, projectOf } from "../test/delivery/in-use.ts";
import { realServe } from "../test/delivery/real-serve.ts";
import { upstream } from "../test/delivery/upstreams.ts";
import { quantile } from "./slopes.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    only: { type: "string", default: "" },
  },
});
const roundMs = Number(values.seconds) * 1000;
/** Callers of the quiet servers, and the pause of each between two calls. */
const [callers, pauseMs] = [4, 10];
const target = { ms: 10, ratio: 1.2 } as const;

const folder = mkdtempSync(join(tmpdir(), "mcpctl-hostile-"));
const quiet = (["stdio", "legacy", "modern"] as const).map((way) => upstream(folder, way, way));

/** How long the calls of one round took, in ms. */
async function round(ask: (server: string, id: string) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + roundMs;
  let sent = 0;
  const caller = async () => {
    while (performance.now() < end) {
      const server = quiet[sent % quiet.length]?.name ?? "";
      const from = performance.now();
      await ask(server, `bench-${sent++}`);
      times.push(performance.now() - from);
      await Bun.sleep(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return times;
}

const p99 = (times: readonly number[]) => quantile(times, 0.99);
const row = (...cells: string[]) =>
  process.stdout.write(`${cells.map((cell, n) => (n === 0 ? cell.padEnd(26) : cell.padStart(14))).join("")}\n`);

try {
  await using gateway = await realServe();
  const token = await projectOf(gateway, quiet);
  const ask = async (server: string, id: string) => {
    const { json } = await call(gateway, token, server, { id });
    if (json.result?.content === undefined) throw new Error(`a quiet server did not answer: ${JSON.stringify(json)}`);
  };
  await round(ask);
  row("one server", "p99 without", "p99 with", "more", "");
  let missed = 0;
  for (const flood of floods.filter(({ name }) => name.includes(values.only))) {
    const [without, withIt] = [[] as number[], [] as number[]];
    for (let n = 0; n < Number(values.rounds); n++) {
      without.push(p99(await round(ask)));
      const end = await hostile(gateway, flood);
      withIt.push(p99(await round(ask)));
      await end();
    }
    const [calm, loud] = [quantile(without, 0.5), quantile(withIt, 0.5)];
    const isMet = loud - calm <= target.ms || loud / calm <= target.ratio;
    if (!isMet) missed++;
    row(
      flood.name,
      `${calm.toFixed(1)} ms`,
      `${loud.toFixed(1)} ms`,
      `${(loud - calm).toFixed(1)} ms`,
      isMet ? "" : "!",
    );
  }
  process.stdout.write(
    `target <= ${target.ms} ms or ${target.ratio} x: ${missed === 0 ? "met by all" : `missed by ${missed}`}\n`,
  );
} finally {
  for (const each of quiet) await each.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
