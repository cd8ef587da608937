import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/problem.ts";
import { holdsOwn, isThere } from "./package-files.ts";

const dayMs = 86_400_000;
const keptMs = 30 * dayMs;
const usedName = "used.txt";
/** What a crash left of a fetch, which takes two minutes at most. */
const isUnfinished = (name: string) => /\.\d+\.tmp$/.test(name);
/** Of one pass; there is another one tomorrow. */
const mostAtOnce = 100;

type Options = { folder: string; log: Log; stopping: AbortSignal; clock: Clock };

/**
 * Takes away versions of packages that no server has named for thirty days: whoever goes back to one fetches it again. Where a server keeps
 * something of its own beside its program, the folder stays.
 */
export function createClearing({ folder, log, stopping, clock }: Options) {
  /** Since a full disk takes no notes. */
  const seen = new Map<string, number>();

  /** Noted once a day at most. */
  function use(home: string): void {
    const now = clock.now();
    seen.set(home, now);
    if (isThere(home) && now - (notedIn(home) ?? 0) >= dayMs) note(home, now);
  }

  /** Undefined where nobody knows, as in what an earlier mcpctl fetched. */
  const usedAt = (home: string): number | undefined => {
    const times = [seen.get(home), notedIn(home)].filter((at) => at !== undefined);
    return times.length === 0 ? undefined : Math.max(...times);
  };

  async function clear(wanted: readonly string[]): Promise<void> {
    for (const home of wanted.filter(isThere)) use(home);
    const names = await readdir(folder).catch(() => []);
    let left = mostAtOnce;
    for (const name of names) {
      if (stopping.aborted || left === 0) return;
      const path = join(folder, name);
      try {
        if (await takenAway(name, path)) left--;
      } catch (error) {
        log.warn("an old package could not be taken away", { package: name, reason: messageOf(error) });
      }
    }
  }

  /** Whether something was taken away. */
  async function takenAway(name: string, path: string): Promise<boolean> {
    if (name.startsWith(".gone-")) await remove(path);
    else if (isUnfinished(name)) {
      if (clock.now() - (await stat(path)).mtimeMs < dayMs) return false;
      await remove(path);
    } else {
      if (name.indexOf("@", 1) < 0 || !isThere(path)) return false;
      if (usedAt(path) === undefined) use(path);
      if (!isOld(path) || (await holdsOwn(path, [usedName]))) return false;
      const gone = join(folder, `.gone-${name}`);
      await remove(gone);
      // A server may have come to want it meanwhile; between this look and the new name nothing can come.
      if (!isOld(path)) return false;
      renameSync(path, gone);
      seen.delete(path);
      log.info("a package that no server has named for 30 days is taken away", { folder: name });
      await remove(gone);
    }
    return true;
  }

  const isOld = (home: string): boolean => clock.now() - (usedAt(home) ?? clock.now()) >= keptMs;

  return { use, clear };
}

const remove = (path: string) => rm(path, { recursive: true, force: true });

function notedIn(home: string): number | undefined {
  const path = join(home, usedName);
  const at = existsSync(path) ? Date.parse(readFileSync(path, "utf8").trim()) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function note(home: string, now: number): void {
  try {
    writeFileSync(join(home, usedName), `${new Date(now).toISOString()}\n`);
  } catch {
    // A full disk, or one that is only read: a server starts all the same.
  }
}
