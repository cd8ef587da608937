// What is left of what was started: processes, file descriptors, timers.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

type Process = { pid: number; name: string; state: string; parent: number; command: string };

/** All processes of this machine that can be looked at. */
function processes(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const program = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
      return [{ pid: Number(name), name: program, state, parent: Number(parent), command }];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}

/** Those in whose command line the mark stands. */
export const processesWith = (mark: string): Process[] => processes().filter(({ command }) => command.includes(mark));

/** What a process holds: to be the same before and after, but for what memory is kept for the next time. */
export type Inventory = { files: string[]; timers: string[]; zombies: string[]; rss: number };

const MB = 1_000_000;
const mostGrowth = 20 * MB;

/** What is there now and was not before. Pure. */
export function grown(before: Inventory, after: Inventory): string[] {
  const more = (kind: string, was: readonly string[], is: readonly string[]) => {
    const left = [...is];
    for (const one of was) if (left.includes(one)) left.splice(left.indexOf(one), 1);
    return left.map((one) => `${kind} ${one}`);
  };
  const faults = [
    ...more("file", before.files, after.files),
    ...more("timer of", before.timers, after.timers),
    ...more("zombie", before.zombies, after.zombies),
  ];
  if (after.rss > before.rss + mostGrowth) faults.push(`${Math.round((after.rss - before.rss) / MB)} MB of memory`);
  return faults;
}

/** Children of ours that ended and that nobody asked how. A container's own watcher is the engine's, which is a child of ours in tests only. */
const zombies = (): string[] =>
  processes()
    .filter(({ name, state, parent }) => name !== "conmon" && state === "Z" && parent === process.pid)
    .map(({ name }) => name);

/** What each of our file descriptors leads to. */
const openFiles = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one by which we look.
      return [];
    }
  });

/** From now on knows which timers are still to come, by the place in `src` where they were set. */
export function takeStock(): () => Inventory {
  const live = new Map<unknown, string>();
  const { setTimeout: later, setInterval: often, clearTimeout: forget } = globalThis;
  const origin = () => /\/src\/[^\s)]+/.exec(new Error().stack ?? "")?.[0];
  const watched =
    (set: typeof setTimeout, isOnce: boolean) =>
    (work: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const from = origin();
      const timer: unknown = set(() => {
        if (isOnce) live.delete(timer);
        work(...args);
      }, ms);
      if (from !== undefined) live.set(timer, from);
      return timer;
    };
  const clear = (timer: unknown) => {
    live.delete(timer);
    forget(timer as Timer);
  };
  const setTimeout_ = watched(later, true);
  const setInterval_ = watched(often as typeof setTimeout, false);
  Object.assign(globalThis, { setTimeout: setTimeout_, setInterval: setInterval_ });
  Object.assign(globalThis, { clearTimeout: clear, clearInterval: clear });
  return () => {
    Bun.gc(true);
    return {
      files: openFiles(),
      timers: [...live.values()],
      zombies: zombies(),
      rss: process.memoryUsage.rss(),
    };
  };
}
