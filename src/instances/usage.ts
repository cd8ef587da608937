import { FFIType } from "bun:ffi";
import { readFileSync } from "node:fs";
import type { Allowance } from "./confine.ts";
import { type Family, markedOf, membersOf } from "./family.ts";
import { libc } from "./libc.ts";
import { type Process, processes } from "./proc.ts";
import { childWord } from "./self.ts";

const everyMs = 1_000;
const pageKiB = (libc({ getpagesize: { args: [], returns: FFIType.i32 } })?.getpagesize() ?? 4096) / 1024;

/** What is watched of a run, and who hears that it is over its allowance. */
type Watched = {
  family: Family;
  allowance: Allowance;
  onOver: (why: string) => void;
  foreign: Set<string>;
  wasOver: boolean;
};

/**
 * Looks every second at the memory and the processes of those runs that have an allowance; who is over it twice in a row is told of. Asking the
 * kernel was tried: a bound on address space breaks WebAssembly under Node.js, one on data lets it crash without a word, and a control group takes
 * rights that we mostly do not have.
 */
export type UsageWatch = ReturnType<typeof createUsageWatch>;

export function createUsageWatch(intervalMs: number = everyMs) {
  const watched = new Set<Watched>();
  let isDue = false;

  async function look(): Promise<void> {
    const all = await processes();
    for (const entry of watched) {
      const { family, allowance, onOver, foreign } = entry;
      const members = membersOf(family, all, await markedOf(family, all, foreign));
      const why = overOf(allowance, members, residentKiB);
      const isOver = why !== undefined && !isStillUs(family.leader);
      if (isOver && entry.wasOver && watched.has(entry)) onOver(why);
      entry.wasOver = isOver;
    }
    isDue = false;
    lookLater();
  }

  function lookLater(): void {
    if (isDue || watched.size === 0) return;
    isDue = true;
    setTimeout(look, intervalMs).unref();
  }

  return {
    /** Until the answer is called. */
    watch(family: Family, allowance: Allowance, onOver: (why: string) => void): () => void {
      if (Object.keys(allowance).length === 0) return () => {};
      const entry: Watched = { family, allowance, onOver, foreign: new Set(), wasOver: false };
      watched.add(entry);
      lookLater();
      return () => void watched.delete(entry);
    },
  };
}

/** For its first milliseconds a server is our own executable, with more threads and memory than it may be to have itself. */
function isStillUs(leader: number): boolean {
  try {
    return readFileSync(`/proc/${leader}/cmdline`, "latin1").includes(`\0${childWord}\0{`);
  } catch {
    return false;
  }
}

/** Why a run is over its allowance, in the words that its owner reads. `shareOf` is asked only where the rough sum is too much. */
export function overOf(
  { memoryMiB, processes: most }: Allowance,
  members: readonly Process[],
  shareOf: (process: Process) => number,
): string | undefined {
  const tasks = members.reduce((sum, { threads }) => sum + threads, 0);
  if (most !== undefined && tasks > most)
    return `it had ${tasks} of the ${most} processes and threads that it may have`;
  if (memoryMiB === undefined) return undefined;
  const roughly = members.reduce((sum, { residentPages }) => sum + residentPages * pageKiB, 0);
  if (roughly <= memoryMiB * 1024) return undefined;
  const used = Math.round(members.reduce((sum, member) => sum + shareOf(member), 0) / 1024);
  return used > memoryMiB ? `it used ${used} MiB of the ${memoryMiB} MiB that it may` : undefined;
}

/** What is shared by several counts a part for each; where the kernel does not tell, all that is resident counts. */
function residentKiB({ pid, residentPages }: Process): number {
  try {
    return Number(
      /^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))?.[1] ?? residentPages * pageKiB,
    );
  } catch {
    return residentPages * pageKiB;
  }
}
