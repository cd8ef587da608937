// What is left of what was started: processes, file descriptors, timers.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

type Process = { pid: number; state: string; parent: number; command: string };

/** All processes of this machine that can be looked at. */
function processes(): Process[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid: Number(name), state, parent: Number(parent), command }];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}

/** Those in whose command line the mark stands. */
export const processesWith = (mark: string): Process[] => processes().filter(({ command }) => command.includes(mark));

/** Children of ours that ended and that nobody asked how. */
export const zombies = (): Process[] =>
  processes().filter(({ state, parent }) => state === "Z" && parent === process.pid);

/** What each of our file descriptors leads to. */
export const openFiles = (): string[] =>
  readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one by which we look.
      return [];
    }
  });

/** Counts the timers that are still to come, with where in `src` they were set. */
export function watchTimers() {
  const live = new Map<unknown, string>();
  const { setTimeout: later, setInterval: often, clearTimeout: forget } = globalThis;
  const from = () => /\/src\/[^\s)]+/.exec(new Error().stack ?? "")?.[0];
  const watched =
    (set: typeof setTimeout, isOnce: boolean) =>
    (work: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
      const origin = from();
      const timer: unknown = set(() => {
        if (isOnce) live.delete(timer);
        work(...args);
      }, ms);
      if (origin !== undefined) live.set(timer, origin);
      return timer;
    };
  const clear = (timer: unknown) => {
    live.delete(timer);
    forget(timer as Timer);
  };
  Object.assign(globalThis, {
    setTimeout: watched(later, true),
    setInterval: watched(often as typeof setTimeout, false),
    clearTimeout: clear,
    clearInterval: clear,
  });
  return {
    /** How many there are from each place. */
    census(): Map<string, number> {
      const places = new Map<string, number>();
      for (const origin of live.values()) places.set(origin, (places.get(origin) ?? 0) + 1);
      return places;
    },
  };
}
