import { type Op, type Row, sql } from "./op.ts";

/** A tool that is not as it was approved, with both texts as far as they are kept. */
export type StoredChange = {
  id: string;
  serverId: string;
  serverName: string;
  tool: string;
  approvedHash: string | null;
  approved: string | null;
  rejectedHash: string | null;
  /** Empty when the server offers it no more. */
  changeHash: string;
  change: string | null;
  seenAt: number;
};

export function* listChanges(): Op<StoredChange[]> {
  const rows: Row[] =
    yield sql`SELECT p.*, r.name AS server_name FROM tool_pins p JOIN resources r ON r.id = p.server_id
    WHERE p.change_id IS NOT NULL ORDER BY r.name, p.tool`;
  return rows.map(toChange);
}

export function* findChange(id: string): Op<StoredChange | undefined> {
  const [row]: Row[] =
    yield sql`SELECT p.*, r.name AS server_name FROM tool_pins p JOIN resources r ON r.id = p.server_id
    WHERE p.change_id = ${id}`;
  return row === undefined ? undefined : toChange(row);
}

/** What it says of itself is what is approved from now on. */
export function* approveChange(id: string): Op<void> {
  yield sql`UPDATE tool_pins SET approved_hash = change_hash, approved = change, read_only = change_read_only, rejected_hash = NULL,
    change_id = NULL, change_hash = NULL, change = NULL, change_read_only = 0, seen_at = NULL WHERE change_id = ${id}`;
}

/** That it is gone is settled: should it come back, it is a new tool. */
export function* approveRemoval(id: string): Op<void> {
  yield sql`DELETE FROM tool_pins WHERE change_id = ${id} AND change_hash = ''`;
}

export function* rejectChange(id: string): Op<void> {
  yield sql`UPDATE tool_pins SET rejected_hash = change_hash WHERE change_id = ${id}`;
}

const textOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));

const toChange = (row: Row): StoredChange => ({
  id: String(row["change_id"]),
  serverId: String(row["server_id"]),
  serverName: String(row["server_name"]),
  tool: String(row["tool"]),
  approvedHash: textOf(row["approved_hash"]),
  approved: textOf(row["approved"]),
  rejectedHash: textOf(row["rejected_hash"]),
  changeHash: String(row["change_hash"]),
  change: textOf(row["change"]),
  seenAt: Number(row["seen_at"]),
});
