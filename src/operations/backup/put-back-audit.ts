import {
  type AuditPlace,
  auditAnchor,
  auditHeads,
  auditRowsAfter,
  insertAuditRows,
  lastAuditPlace,
  putAuditHead,
} from "../../storage/audit.ts";
import { AuditMarks } from "../../storage/audit-blocks.ts";
import { setAuditAnchor } from "../../storage/backup.ts";
import type { Op } from "../../storage/op.ts";
import type { Staged } from "../../storage/staged.ts";
import { sealed } from "../audit-chain.ts";

const pageRows = 500;

/**
 * Puts the audit log of a backup into an instance that has none yet; answers how many events, or undefined when it has a log of its own: two
 * chains do not become one. What was signed with the other instance's key, and was found genuine, is signed anew with this one's.
 */
export function* putBackAudit(db: Staged, key: Buffer): Op<number | undefined> {
  if ((yield* lastAuditPlace()).seq > 0) return undefined;
  const anchor = db.now(auditAnchor);
  yield* setAuditAnchor(sealed("anchor", key, anchor, anchor.at));
  const marks = new AuditMarks();
  let events = 0;
  for (let after: AuditPlace = anchor; ; ) {
    const rows = db.now(() => auditRowsAfter(after.seq, pageRows));
    if (rows.length === 0) break;
    yield* insertAuditRows(after, rows, marks);
    after = rows.at(-1) ?? after;
    events += rows.length;
  }
  for (const head of db.now(auditHeads)) yield* putAuditHead(sealed("head", key, head, head.at));
  return events;
}
