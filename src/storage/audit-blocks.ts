import type { AuditRow } from "./audit.ts";
import { type Op, type Row, sql } from "./op.ts";

/** So many events share what is told of where to look; migration 0010 knows it too. */
export const blockRows = 1_024;

/** What is looked for by block. What is nearly always the same, or nearly never there, is not worth it, or has an index. */
export const found = ["user", "tokenSha", "project", "tool"] as const;
export type Found = (typeof found)[number];

export const blockOf = (seq: number): number => Math.floor(seq / blockRows);

/** From so many rows on it is asked what their first block has already; fewer are told once more, which does nothing. */
const worthAsking = 50;

/** Tells where these rows are found: a hundred short entries for a block, where an index would take one for each row. */
export function* markAuditRows(rows: readonly AuditRow[]): Op<void> {
  let block = blockOf(rows[0]?.seq ?? 0);
  const seen = new Map<string, Set<string>>(found.map((name) => [name, new Set()]));
  if (rows.length >= worthAsking) {
    const marked: Row[] = yield sql`SELECT name, value FROM audit_blocks WHERE block = ${block}`;
    for (const { name, value } of marked) seen.get(String(name))?.add(String(value));
  }
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
