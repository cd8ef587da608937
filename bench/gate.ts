// Whether a call costs more than it did: CPU of mcpctl against the floor's in the same run, each at most as bench/limits.ts says. `bun bench/gate.ts
// [--rounds 7] [--limits 0.5]`: with --limits below 1 they are that much lower, which shows that it can fail. Needs dist/mcpctl; less than a minute.
import { parseArgs } from "node:util";
import { canPin, pin } from "./cores.ts";
import { limits } from "./limits.ts";
import { drive } from "./load/drive.ts";
import { callersOf, type Era, type Work } from "./load/speech.ts";
import { workOf } from "./process.ts";
import { startTargets } from "./targets.ts";
import { judge, type Pairs } from "./verdict.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, limits: { type: "string", default: "1" } },
});
if (Number.isNaN(workOf(process.pid))) {
  process.stdout.write("skipped: this system does not tell how long a process was at work\n");
  process.exit();
}
if (canPin) pin(process.pid, "rest");

const echo = { tool: "echo", args: { text: "hello" }, holds: "hello" };
const things: readonly [what: string, target: string, era: Era, work: Work, calls: number][] = [
  ["small call over HTTP, legacy", "mcpctl", "legacy", echo, 500],
  ["small call over HTTP, modern", "mcpctl", "modern", echo, 500],
  ["small call over stdio, modern", "mcpctl, stdio", "modern", echo, 500],
  ["tools/list of 50 tools, modern", "mcpctl, 50 tools", "modern", "tools/list", 300],
];

const targets = await startTargets([]);
const measured: Pairs[] = [];
try {
  for (const [what, target, era, work, calls] of things) {
    const sides = [target, target.replace(/^mcpctl(?:, stdio)?/, "floor")].map((name) => {
      const found = targets.of(name);
      if (found === undefined) throw new Error(`there is no ${name}`);
      return found;
    });
    const callers = await Promise.all(sides.map((side) => callersOf(side, era, work, 32)));
    const pairs: Pairs["pairs"][number][] = [];
    for (let round = -2; round < Number(values.rounds); round++) {
      const [own = Number.NaN, floor = Number.NaN] = [await costOf(0), await costOf(1)];
      if (round >= 0) pairs.push({ own, floor });
    }
    measured.push({ what, pairs });
    for (const { connection } of callers.flat()) connection.close();

    async function costOf(side: 0 | 1): Promise<number> {
      const { pid = 0, settleMs = 0 } = sides[side] ?? {};
      const before = workOf(pid);
      await drive(callers[side] ?? [], calls);
      await Bun.sleep(settleMs);
      return workOf(pid) - before;
    }
  }
} finally {
  await targets.close();
}

const judged = judge(measured, limits, Number(values.limits));
for (const { what, ratio, atMost, isWithin } of judged)
  process.stdout.write(
    `${isWithin ? "ok  " : "OVER"} ${what.padEnd(34)}${ratio.toFixed(2).padStart(7)} x the floor's CPU, at most ${atMost.toFixed(2)}\n`,
  );
process.exit(judged.every(({ isWithin }) => isWithin) ? 0 : 1);
