import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { sleep } from "../lib/wait.ts";
import type { AuditEntry } from "../resources/audit.ts";
import { insertAuditRows, lastAuditHead, lastAuditPlace } from "../storage/audit.ts";
import { AuditMarks } from "../storage/audit-blocks.ts";
import type { Database, Op } from "../storage/op.ts";
import { chained } from "./audit-chain.ts";
import { columnsOf } from "./audit-entry.ts";
import { createAuditQueue } from "./audit-queue.ts";
import { auditUpkeep, hourMs } from "./audit-upkeep.ts";
import { fingerprint } from "./redact.ts";

/** The record of what was decided. Two roads lead into it and both find the chain's end inside their transaction, so it never forks. */
export type Audit = {
  /** Inside the caller's transaction: a change is never stored without its record, nor the record without the change. */
  append: (entries: readonly AuditEntry[]) => Op<void>;
  /** For what changes nothing, such as a call: queued, and written soon. Never waits, never throws. */
  note: (entry: AuditEntry) => void;
  /** Writes what is queued. What cannot be written stays queued; never rejects. */
  flush: () => Promise<void>;
  /** What is queued, and what was dropped because too much was. */
  waiting: () => { waiting: number; dropped: number };
  /** Tells that there may be something new to read, after the commit; answers how to stop. */
  follow: (listener: () => void) => () => void;
  /** What stands in place of a secret: the same for the same value in the same place, and nothing to guess it from. */
  fingerprint: (value: string) => string;
  /** Takes away what is older than the retention, in pieces; runs every hour by itself. */
  prune: () => Promise<void>;
  /** Writes what is queued, signs the chain's end. */
  close: () => Promise<void>;
};

export type AuditOptions = {
  db: Database;
  clock: Clock;
  log: Log;
  /** For heads and anchors. */
  key: Buffer;
  fingerprintKey: Buffer;
  /** 0 keeps everything. */
  retentionDays: number;
};

const minuteMs = 60_000;

export function createAudit({ db, clock, log, key, fingerprintKey, retentionDays }: AuditOptions): Audit {
  const { signHead, prunePiece } = auditUpkeep({ clock, key, retentionDays });
  const marks = new AuditMarks();
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };

  function* append(entries: readonly AuditEntry[]): Op<void> {
    if (entries.length === 0) return;
    const end = yield* lastAuditPlace();
    yield* insertAuditRows(end, chained(end, entries.map(columnsOf)), marks);
    if (yield* signHead(hourMs)) setTimeout(() => void announce(), 0);
    // A transaction is over before the next turn of the loop; one that was rolled back has nothing new to read.
    if (listeners.size > 0) setTimeout(tell, 0);
  }

  /**
   * Puts a copy of the newest head outside the database: whoever takes the end of the log away with its heads does not reach this one. Read
   * after the commit, since a transaction that signed may have been rolled back.
   */
  async function announce(): Promise<void> {
    const head = await db.read(lastAuditHead).catch(() => undefined);
    if (head === undefined || head.seq <= announced) return;
    announced = head.seq;
    log.info("audit log signed", { seq: head.seq, hash: head.hash });
  }
  let announced = 0;

  const write = (entries: readonly AuditEntry[]) => db.writeBehind(() => append(entries));
  const queue = createAuditQueue({ write, settle: db.settle, clock, log });

  async function prune(): Promise<void> {
    try {
      while (closing === undefined && (await db.write(prunePiece))) await sleep(0);
    } catch (error) {
      log.warn("old audit events could not be taken away; trying again in an hour", { error });
    }
  }

  async function sign(everyMs: number): Promise<void> {
    try {
      if (await db.write(() => signHead(everyMs))) await announce();
    } catch (error) {
      log.warn("the audit log was not signed", { error });
    }
  }

  // Once soon, for a server that never lives an hour; then every hour, also when nothing is recorded that would sign what came before.
  const soon = setTimeout(() => void prune(), minuteMs);
  const hourly = setInterval(() => void sign(hourMs).then(prune), hourMs);
  for (const timer of [soon, hourly]) timer.unref();

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    clearTimeout(soon);
    clearInterval(hourly);
    await queue.close();
    await sign(0);
  }

  return {
    append,
    note: queue.add,
    flush: queue.flush,
    waiting: queue.waiting,
    follow: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    fingerprint: (value) => fingerprint(fingerprintKey, value),
    prune,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
