import type { AuditPlace, AuditRow } from "./audit.ts";
import { insertOf, insertRows } from "./many-rows.ts";
import { type Op, type Row, sql, type Value } from "./op.ts";

/** So many events share what is told of where to look; migration 0010 knows it too. */
export const blockRows = 1_024;

/** What is looked for by block. What is nearly always the same, or nearly never there, is not worth it, or has an index. */
export const found = ["user", "tokenSha", "project", "tool"] as const;
export type Found = (typeof found)[number];

const none: Found[] = [];

export const blockOf = (seq: number): number => Math.floor(seq / blockRows);

/**
 * What the block at the end of the chain is known to have, as of a place: hashes are of all that came before, so who is at that place has it, and
 * after a transaction that was rolled back nobody is.
 */
export class AuditMarks {
  hash: string | undefined;
  block = 0;
  readonly user = new Set<string>();
  readonly tokenSha = new Set<string>();
  readonly project = new Set<string>();
  readonly tool = new Set<string>();

  clear(): void {
    for (const name of found) this[name].clear();
  }

  /** By which of its columns a row has yet to be told of. */
  newIn(row: AuditRow): readonly Found[] {
    const block = blockOf(row.seq);
    if (block !== this.block) this.clear();
    this.block = block;
    let unknown = none;
    for (let n = 0; n < found.length; n++) {
      const name = found[n] as Found;
      const value = row[name];
      if (value === null || this[name].has(value)) continue;
      this[name].add(value);
      if (unknown === none) unknown = [];
      unknown.push(name);
    }
    return unknown;
  }
}

/** From so many rows on it is asked what their block has already; fewer are told once more, which does nothing. */
const worthAsking = 50;

const insert = insertOf("audit_blocks (name, value, block)", 3, "ON CONFLICT DO NOTHING");

/** Tells where these rows are found: a hundred short entries for a block, where an index would take one for each row. */
export function* markAuditRows(after: AuditPlace, rows: readonly AuditRow[], marks: AuditMarks): Op<void> {
  if (marks.hash !== after.hash) {
    marks.clear();
    marks.block = blockOf(after.seq + 1);
    if (rows.length >= worthAsking) yield* recall(marks);
  }
  // What fails halfway is rolled back, and nothing of it may be taken for told.
  marks.hash = undefined;
  const values: Value[] = [];
  for (const row of rows) for (const name of marks.newIn(row)) values.push(name, row[name], marks.block);
  yield* insertRows(insert, values.length / 3, (from, to) => values.slice(3 * from, 3 * to));
  marks.hash = rows.at(-1)?.hash;
}

function* recall(marks: AuditMarks): Op<void> {
  const rows: Row[] = yield sql`SELECT name, value FROM audit_blocks WHERE block = ${marks.block}`;
  for (const { name, value } of rows) marks[name as Found].add(String(value));
}

/** Of the blocks that end at or before this row. */
export function* unmarkAuditRows(seq: number): Op<void> {
  yield sql`DELETE FROM audit_blocks WHERE block < ${blockOf(seq + 1)}`;
}
