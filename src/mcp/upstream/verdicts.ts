import type { Clock } from "../../lib/clock.ts";
import { listVerdicts, putVerdict, type Verdict } from "../../storage/eras.ts";
import type { Database } from "../../storage/op.ts";
import { executionOf } from "../execution.ts";
import type { Era } from "../protocol.ts";
import type { ServerRef } from "./connections.ts";

/** After this long a server is asked anew: one that was legacy may have learnt the modern era, and would never say so by itself. */
const keptMs = 7 * 24 * 60 * 60_000;

/** In which era each server answered last, for as long as it executes the same. */
export type Verdicts = Awaited<ReturnType<typeof createVerdicts>>;

export async function createVerdicts(db: Database, clock: Clock) {
  const known = new Map((await db.read(listVerdicts)).map((verdict) => [verdict.serverId, verdict]));

  function of({ id, fields }: ServerRef): Verdict | undefined {
    const verdict = known.get(id);
    return verdict?.fingerprint === executionOf(fields) ? verdict : undefined;
  }

  return {
    of,
    /** What is still to be believed. */
    eraOf(server: ServerRef): Era | undefined {
      const verdict = of(server);
      return verdict !== undefined && clock.now() - verdict.decidedAt < keptMs ? verdict.era : undefined;
    },
    /** The date is that of the first such answer, until it is too old to be believed. */
    async remember(server: ServerRef, era: Era): Promise<void> {
      const before = of(server);
      if (before?.era === era && clock.now() - before.decidedAt < keptMs) return;
      const verdict = { serverId: server.id, fingerprint: executionOf(server.fields), era, decidedAt: clock.now() };
      known.set(server.id, verdict);
      await db.write(() => putVerdict(verdict));
    },
    forget: (serverId: string) => void known.delete(serverId),
  };
}
