import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { sleep } from "../lib/wait.ts";
import type { AuditEntry } from "../resources/audit.ts";

/** `early`: with so many the time is not waited for. `batch`: so many are written before requests get their turn. */
export const queueLimits = { entries: 10_000, early: 5_000, batch: 512, delayMs: 500, longestRetryMs: 4_000 } as const;

type Options = {
  write: (entries: readonly AuditEntry[]) => Promise<void>;
  /** Resolves when the disk has what was written. */
  settle: () => Promise<void>;
  clock: Clock;
  log: Log;
};

/**
 * Events that wait for the disk so that nobody else has to. Bounded: when the disk is slower than the events for long, the newcomers are
 * dropped and counted, and the log itself says how many. A batch that cannot be written stays first in line.
 */
export function createAuditQueue({ write, settle, clock, log }: Options) {
  const waiting: AuditEntry[] = [];
  let dropped = 0;
  let failures = 0;
  let running: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  function add(entry: AuditEntry): void {
    if (waiting.length >= queueLimits.entries) {
      if (dropped++ === 0) log.warn("the audit queue is full; events are dropped", { waiting: waiting.length });
      return;
    }
    waiting.push(entry);
    if (waiting.length === queueLimits.early && failures === 0) plan(0);
    else if (timer === undefined) plan(queueLimits.delayMs);
  }

  function plan(delayMs: number): void {
    if (isClosed) return;
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), delayMs);
    timer.unref();
  }

  /** One at a time; who comes meanwhile waits for the one that runs, and then for what has come since. */
  async function flush(): Promise<void> {
    while (running !== undefined) await running;
    clearTimeout(timer);
    timer = undefined;
    running = drain().finally(() => {
      running = undefined;
    });
    await running;
  }

  async function drain(): Promise<void> {
    while (waiting.length + dropped > 0) {
      const batch = waiting.slice(0, queueLimits.batch);
      const lost = dropped;
      try {
        await write(lost === 0 ? batch : [...batch, lossOf(lost)]);
      } catch (error) {
        failures++;
        if (failures === 1) log.warn("audit events cannot be written; they are kept and tried again", { error });
        return plan(Math.min(queueLimits.longestRetryMs, queueLimits.delayMs * 2 ** Math.min(failures, 10)));
      }
      if (failures > 0) log.info("audit events are written again", { waiting: waiting.length });
      failures = 0;
      waiting.splice(0, batch.length);
      dropped -= lost;
      // Requests get their turn between two batches.
      if (waiting.length > 0) await sleep(0);
    }
    await settle();
  }

  const lossOf = (count: number): AuditEntry => ({
    at: clock.now(),
    kind: "notice",
    outcome: "error",
    actor: { subject: "" },
    action: "dropped",
    detail: { count, reason: "the queue was full" },
  });

  return {
    add,
    flush,
    /** Not yet written, and lost without being written of. */
    waiting: () => ({ waiting: waiting.length, dropped }),
    async close(): Promise<void> {
      await flush();
      isClosed = true;
      clearTimeout(timer);
      const count = waiting.length + dropped;
      if (count > 0) log.error("audit events were lost: they could not be written", { count });
    },
  };
}
