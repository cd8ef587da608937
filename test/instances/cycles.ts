// Starts and stops servers of every habit, and says what was left: `bun cycles.ts CYCLES`. A program of its own, so that it can be process 1.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../src/instances/child.ts";
import { membersOf } from "../../src/instances/family.ts";
import { logRing } from "../../src/instances/log-ring.ts";
import { processesAtOnce, processOf } from "../../src/instances/proc.ts";
import { startReaper } from "../../src/instances/reaper.ts";
import { type Habit, habits, isBrief, serverOf } from "./habits.ts";

const atOnce = 4;
/** What ignores us costs its patience each time, and is therefore met less often. */
const costly: readonly Habit[] = ["goes on without input", "minds no signal"];
const patience = { afterEofMs: 400, afterTermMs: 100 };

export type Outcome = {
  pid: number;
  cycles: number;
  /** Ends that were not those which the habit leads to. */
  wrongExits: string[];
  processes: number;
  zombies: number;
  /** More than at first. */
  descriptors: number;
  notes: number;
};

const dataDir = mkdtempSync(join(tmpdir(), "mcpctl-cycles-"));
const startTicks = processOf(process.pid)?.startTicks ?? 0n;
const descriptors = () => readdirSync("/proc/self/fd").length;

async function cycle(number: number, wrongExits: string[]): Promise<void> {
  const all = Object.keys(habits) as Habit[];
  const seldom = number % 5 !== 0;
  const possible = all.filter((habit) => !seldom || !costly.includes(habit));
  const habit = possible[number % possible.length] ?? "ends with its input";
  const child = startChild({
    command: serverOf(habit),
    asBun: false,
    env: { PATH: process.env["PATH"] ?? "" },
    log: logRing(),
    dataDir,
    instance: "cycles",
    patience,
  });
  if (!isBrief(habit)) {
    await new Promise<void>((resolve) => {
      child.onMessage(() => resolve());
      child.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
      void child.closed.then(() => resolve());
    });
    // The last one of the four is stopped at once, like all of them when the gateway is told twice.
    await child.stop(number % 4 === 3);
  }
  const { code, signal } = await child.closed;
  if (habit === "ends at once" && (code !== 3 || signal !== null)) wrongExits.push(`${habit}: ${code} ${signal}`);
  if (code !== null && code > 3) wrongExits.push(`${habit}: ${code}`);
}

async function cycles(count: number): Promise<Outcome> {
  const stop = startReaper();
  const wrongExits: string[] = [];
  for (let i = 0; i < atOnce; i++) await cycle(i, wrongExits);
  const before = descriptors();
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) await cycle(next++, wrongExits);
    }),
  );
  // By descent and not by what they carry: whatever escaped has us for its parent by now.
  const left = () => membersOf({ leader: process.pid, startTicks }, processesAtOnce(), new Set()).length - 1;
  const zombies = () => processesAtOnce().filter(({ isZombie, parent }) => isZombie && parent === process.pid).length;
  for (let i = 0; i < 50 && (left() > 0 || zombies() > 0 || descriptors() > before); i++) await Bun.sleep(100);
  stop();
  return {
    pid: process.pid,
    cycles: count,
    wrongExits,
    processes: left(),
    zombies: zombies(),
    descriptors: Math.max(0, descriptors() - before),
    notes: readdirSync(join(dataDir, "run")).length,
  };
}

process.stdout.write(`${JSON.stringify(await cycles(Number(process.argv[2])))}\n`);
rmSync(dataDir, { recursive: true, force: true });
process.exit(0);
