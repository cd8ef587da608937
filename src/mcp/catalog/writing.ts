import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Database, Op } from "../../storage/op.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Plan } from "./approvals.ts";
import { rowsAtOnce, writeInTurns } from "./in-turns.ts";
import { report, type Told, together } from "./telling.ts";

/** What is not told yet: a server that changes all the time is told of once a minute. */
export type Untold = { untold?: Told; toldAt?: number };

type Needs = {
  db: Database;
  /** Told of what a list brought, in the transaction that stores it. */
  tell: (server: ServerRef, told: Told) => Op<void>;
  /** What is approved became another. */
  decided: (serverId: string) => Promise<void>;
  clock: Clock;
  log: Log;
};

const tellMs = 60_000;

/** Writes what a list brought, and tells of it with the last of it. What a crash interrupts is found again in the next list. */
export function writerOf({ db, tell, decided, clock, log }: Needs) {
  return async function write(
    server: ServerRef,
    entry: Untold,
    plan: () => Op<Plan>,
    seal?: () => Op<void>,
  ): Promise<void> {
    const { steps, told: found } = await db.write(plan);
    const few = Math.max(0, steps.length - rowsAtOnce);
    await writeInTurns(db, steps.slice(0, few), (step) => step());
    const { told, isDue } = await db.write(function* () {
      for (const step of steps.slice(few)) yield* step();
      if (seal !== undefined) yield* seal();
      const told = together(entry.untold, found);
      const isDue = told !== undefined && clock.now() - (entry.toldAt ?? 0) >= tellMs;
      if (isDue) yield* tell(server, told);
      return { told, isDue };
    });
    if (told !== undefined) entry.untold = told;
    if (found !== undefined) await decided(server.id);
    if (!isDue || told === undefined) return;
    delete entry.untold;
    entry.toldAt = clock.now();
    report(log, server, told);
  };
}
