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
/** Writing is looked at less often, since it waits for the disk. */
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

  async function look(): Promise<Readiness["checks"]> {
    const { running, wanted } = (await answered("read", servers())) ?? {};
    const canRead =
      running !== undefined &&
      (await answered(
        "read",
        db.read(() => getMeta(key)).then(() => true),
      ));
    if (canRead === true && clock.now() - written.at >= writeEveryMs) {
      const at = clock.now();
      const ok = await answered(
        "written",
        db.write(() => setMeta(key, new Date(at).toISOString())).then(() => true),
      );
      written = { at, ok: ok === true };
    }
    return {
      requests: "taken",
      database: canRead !== true ? "cannot be read" : written.ok ? "ok" : "cannot be written",
      servers: running === undefined ? "unknown" : `${running} of ${wanted} run`,
    };
  }

  async function answered<T>(what: string, work: Promise<T>): Promise<T | undefined> {
    const failed = (error: unknown) => {
      log.warn(`the database cannot be ${what}`, { reason: messageOf(error) });
      return undefined;
    };
    return await within(patienceMs, work.catch(failed));
  }

  return async function ready(): Promise<Readiness> {
    if (looked === undefined || clock.now() - looked.at >= readEveryMs) looked = { at: clock.now(), answer: look() };
    const checks = await looked.answer;
    if (isStopping()) return { status: "stopping", checks: { ...checks, requests: "refused" } };
    return { status: checks.database === "ok" ? "ready" : "unavailable", checks };
  };
}
