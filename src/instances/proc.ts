import { readdirSync, readFileSync } from "node:fs";
import { turn } from "../lib/wait.ts";

/** A process as /proc/PID/stat tells it. Its number and the moment it started, in ticks since the boot, are it and no later one. */
export type Process = {
  pid: number;
  parent: number;
  group: number;
  startTicks: bigint;
  isZombie: boolean;
  threads: number;
  /** Pages of memory that are its own or shared, and not swapped out. */
  residentPages: number;
};

/** How many are read in one turn of the event loop: half a millisecond's worth. */
const inOneTurn = 32;

/** All that run on this machine and that we can see. Nothing where there is no /proc. */
export const processesAtOnce = (): Process[] => pids().flatMap((pid) => processOf(pid) ?? []);

/** The same, in small parts: on a machine with hundreds of processes it takes as long as many a call, and nobody shall wait for it. */
export async function processes(): Promise<Process[]> {
  const all: Process[] = [];
  for (const [index, pid] of pids().entries()) {
    if (index % inOneTurn === inOneTurn - 1) await turn();
    const found = processOf(pid);
    if (found !== undefined) all.push(found);
  }
  return all;
}

const pids = (): number[] => entriesOf("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));

export function processOf(pid: number): Process | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The name, in field 2, may hold blanks and brackets; all fields after it are counted from its end. */
export function parseStat(text: string): Process {
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const number = (field: number) => Number(fields[field - 3]);
  return {
    pid: Number.parseInt(text, 10),
    isZombie: fields[0] === "Z" || fields[0] === "X",
    parent: number(4),
    group: number(5),
    threads: number(20),
    startTicks: BigInt(fields[22 - 3] ?? 0),
    residentPages: number(24),
  };
}

/** Kills this very process, and none that has its number by now. Answers whether there was something to kill. */
export function killProcess({ pid, startTicks }: Pick<Process, "pid" | "startTicks">): boolean {
  if (processOf(pid)?.startTicks !== startTicks) return false;
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

export function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
