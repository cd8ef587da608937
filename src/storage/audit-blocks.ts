import type { AuditRow } from "./audit.ts";
import { type Op, sql } from "./op.ts";

/** So many events share what is told of where to look; migration 0011 knows it too. */
export const blockRows = 1_024;

/** What is looked for by block. What is nearly always the same, or nearly never there, is not worth it, or has an index. */
export const found = ["user", "tokenSha", "project", "tool"] as const;
export type Found = (typeof found)[number];

export const blockOf = (seq: number): number => Math.floor(seq / blockRows);

/** Tells where these rows are found: a hundred short entries for a block, where an index would take one for each row. */
export function* markAuditRows(rows: readonly AuditRow[]): Op<void> {
  let block = -1;
  const seen = new Map(found.map((name) => [name, new Set<string>()]));
  for (const row of rows) {
    if (block !== blockOf(row.seq)) for (const values of seen.values()) values.clear();
    block = blockOf(row.seq);
    for (const name of found) {
      const value = row[name];
      const values = seen.get(name);
      if (value === null || values?.has(value) !== false) continue;
      values.add(value);
      yield sql`INSERT INTO audit_blocks (name, value, block) VALUES (${name}, ${value}, ${block}) ON CONFLICT DO NOTHING`;
    }
  }
}

/** Of the blocks that end at or before this row. */
export function* unmarkAuditRows(seq: number): Op<void> {
  yield sql`DELETE FROM audit_blocks WHERE block < ${blockOf(seq + 1)}`;
}
