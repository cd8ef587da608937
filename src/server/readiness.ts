import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/problem.ts";
import { within } from "../lib/wait.ts";
import { getMeta, setMeta } from "../storage/meta.ts";
import type { Database } from "../storage/op.ts";

/** Whoever asks may be anybody: counts, and no names or reasons. */
export type Readiness = {
  status: "ready" | "stopping" | "unavailable";
  checks: { requests: "taken" | "refused"; database: "ok" | "cannot be read" | "cannot be written"; servers: string };
};

type Options = {
  db: Database;
  clock: Clock;
  log: Log;
  isStopping: () => boolean;
  /** How many servers are to run, and how many do. */
  servers: () => Promise<{ wanted: number; running: number }>;
};

/** An answer of the database is good for so long: whoever asks more often costs nothing more. */
const readEveryMs = 1_000;
/** Writing is looked at less often, since it waits for the disk; once it failed, as often as reading, so that its end is noticed. */
const writeEveryMs = 10_000;
const patienceMs = 2_000;
const key = "readiness";

/**
 * Whether requests can be answered. Servers that do not run are told of and change nothing: the gateway serves what there is, and answers for
 * the rest.
 */
export type ReadinessCheck = ReturnType<typeof createReadiness>;

export function createReadiness({ db, clock, log, isStopping, servers }: Options) {
  let looked: { at: number; answer: Promise<Readiness["checks"]> } | undefined;
  // It has just been written to, or nothing would have started.
  let written = { at: clock.now(), ok: true };
  /** What failed when it was last tried: told once, and not again with each look. */
  const failing = new Set<string>();

  async function look(): Promise<Readiness["checks"]> {
    const sum = await answered("read", readAll());
    if (sum !== undefined && clock.now() - written.at >= (written.ok ? writeEveryMs : readEveryMs)) {
      const at = clock.now();
      const ok = await answered(
        "written",
        db.write(() => setMeta(key, new Date(at).toISOString())).then(() => true),
      );
      written = { at, ok: ok === true };
    }
    return {
      requests: "taken",
      database: sum === undefined ? "cannot be read" : written.ok ? "ok" : "cannot be written",
      servers: sum === undefined ? "unknown" : `${sum.running} of ${sum.wanted} run`,
    };
  }

  async function readAll() {
    const sum = await servers();
    await db.read(() => getMeta(key));
    return sum;
  }

  async function answered<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    const worked = (value: T) => {
      if (failing.delete(what)) log.info(`the database can be ${what} again`);
      return value;
    };
    const failed = (error: unknown) => {
      if (!failing.has(what)) log.warn(`the database cannot be ${what}`, { reason: messageOf(error) });
      failing.add(what);
      return undefined;
    };
    return await within(patienceMs, work.then(worked, failed));
  }

  return async function ready(): Promise<Readiness> {
    if (looked === undefined || clock.now() - looked.at >= readEveryMs) looked = { at: clock.now(), answer: look() };
    const checks = await looked.answer;
    if (isStopping()) return { status: "stopping", checks: { ...checks, requests: "refused" } };
    return { status: checks.database === "ok" ? "ready" : "unavailable", checks };
  };
}
