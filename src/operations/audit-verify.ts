import { auditAnchor, auditHeads, auditRowsAfter } from "../storage/audit.ts";
import type { Op } from "../storage/op.ts";
import { type Broken, checkChain } from "./audit-chain.ts";

export type Verdict = {
  events: number;
  broken: Broken | undefined;
  /** When the last head was signed, and at which row. */
  head: { seq: number; at: number } | undefined;
  /** Rows up to this one were taken away by retention; 0 when none were. */
  prunedTo: number;
};

const pageRows = 1_000;

/** Goes through the whole log once, page by page, as it is at one moment. */
export function* verifyAudit(key: Buffer | undefined): Op<Verdict> {
  const anchor = yield* auditAnchor();
  const heads = yield* auditHeads();
  const check = checkChain(anchor, heads, key);
  let [events, at] = [0, Number.MIN_SAFE_INTEGER];
  let broken: Broken | undefined;
  while (broken === undefined) {
    const rows = yield* auditRowsAfter(at, pageRows);
    if (rows.length === 0) break;
    broken = check.take(rows);
    events += rows.length;
    at = rows.at(-1)?.seq ?? at;
  }
  return { events, broken: broken ?? check.end(), head: heads.at(-1), prunedTo: anchor.seq };
}
