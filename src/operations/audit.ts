import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { sleep } from "../lib/wait.ts";
import type { AuditEntry } from "../resources/audit.ts";
import {
  insertAuditRow,
  lastAuditHead,
  lastAuditPlace,
  lastAuditPlaceBefore,
  pruneAudit,
  putAuditHead,
} from "../storage/audit.ts";
import type { Database, Op } from "../storage/op.ts";
import { chained, sealed } from "./audit-chain.ts";
import { columnsOf } from "./audit-entry.ts";
import { createAuditQueue } from "./audit-queue.ts";
import { fingerprint } from "./redact.ts";

/** The record of what was decided. Two roads lead into it and both find the chain's end inside their transaction, so it never forks. */
export type Audit = {
  /** Inside the caller's transaction: a change is never stored without its record, nor the record without the change. */
  append: (entries: readonly AuditEntry[]) => Op<void>;
  /** For what changes nothing, such as a call: queued, and written soon. Never waits, never throws. */
  note: (entry: AuditEntry) => void;
  /** Writes what is queued. What cannot be written stays queued; never rejects. */
  flush: () => Promise<void>;
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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pieceRows = 1_000;

export function createAudit({ db, clock, log, key, fingerprintKey, retentionDays }: AuditOptions): Audit {
  const listeners = new Set<() => void>();
  let isClosed = false;
  const tell = () => {
    for (const listener of listeners) listener();
  };

  function* append(entries: readonly AuditEntry[]): Op<void> {
    if (entries.length === 0) return;
    for (const row of chained(yield* lastAuditPlace(), entries.map(columnsOf))) yield* insertAuditRow(row);
    yield* signHead(hourMs);
    // A transaction is over before the next turn of the loop; one that was rolled back has nothing new to read.
    if (listeners.size > 0) setTimeout(tell, 0);
  }

  /** Unless one was signed so short a time ago. Asked of the database, since a transaction of before may have been rolled back. */
  function* signHead(everyMs: number): Op<void> {
    const end = yield* lastAuditPlace();
    const head = yield* lastAuditHead();
    const isDue = head === undefined || Math.abs(clock.now() - head.at) >= everyMs;
    if (end.seq === 0 || end.seq === head?.seq || !isDue) return;
    yield* putAuditHead(sealed("head", key, end, clock.now()));
    // A copy outside the database: whoever takes the end of the log away with its heads does not reach this one.
    log.info("audit log signed", { seq: end.seq, hash: end.hash });
  }

  const queue = createAuditQueue({ write: (entries) => db.write(() => append(entries)), clock, log });

  function* prunePiece(): Op<boolean> {
    const place = yield* lastAuditPlaceBefore(clock.now() - retentionDays * dayMs, pieceRows);
    if (place === undefined) return false;
    // Before heads go with their rows: as long as there are events, there is a head.
    yield* signHead(0);
    yield* pruneAudit(sealed("anchor", key, place, clock.now()));
    return true;
  }

  async function prune(): Promise<void> {
    if (retentionDays === 0) return;
    try {
      while (!isClosed && (await db.write(prunePiece))) await sleep(0);
    } catch (error) {
      log.warn("old audit events could not be taken away; trying again in an hour", { error });
    }
  }

  const hourly = setInterval(() => void prune(), hourMs);
  hourly.unref();

  return {
    append,
    note: queue.add,
    flush: queue.flush,
    follow: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    fingerprint: (value) => fingerprint(fingerprintKey, value),
    prune,
    async close() {
      isClosed = true;
      clearInterval(hourly);
      await queue.close();
      await db.write(() => signHead(0)).catch((error: unknown) => log.warn("the audit log was not signed", { error }));
    },
  };
}
