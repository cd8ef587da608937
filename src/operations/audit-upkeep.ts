import type { Clock } from "../lib/clock.ts";
import { lastAuditHead, lastAuditPlace, lastAuditPlaceBefore, pruneAudit, putAuditHead } from "../storage/audit.ts";
import type { Op } from "../storage/op.ts";
import { sealed } from "./audit-chain.ts";

export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const pieceRows = 1_000;

type Needs = { clock: Clock; key: Buffer; retentionDays: number };

/** What happens to the chain besides growing: its end is signed, its beginning taken away. */
export function auditUpkeep({ clock, key, retentionDays }: Needs) {
  /** False when one was signed so short a time ago. Asked of the database, since a transaction of before may have been rolled back. */
  function* signHead(everyMs: number): Op<boolean> {
    const end = yield* lastAuditPlace();
    const head = yield* lastAuditHead();
    const isDue = head === undefined || Math.abs(clock.now() - head.at) >= everyMs;
    if (end.seq === 0 || end.seq === head?.seq || !isDue) return false;
    yield* putAuditHead(sealed("head", key, end, clock.now()));
    return true;
  }

  /** Takes away what is too old, a piece at a time; false when nothing is left to take. */
  function* prunePiece(): Op<boolean> {
    if (retentionDays === 0) return false;
    const place = yield* lastAuditPlaceBefore(clock.now() - retentionDays * dayMs, pieceRows);
    if (place === undefined) return false;
    // Before heads go with their rows: as long as there are events, there is a head.
    yield* signHead(0);
    yield* pruneAudit(sealed("anchor", key, place, clock.now()));
    return true;
  }

  return { signHead, prunePiece };
}
