import { type Op, type Row, sql } from "./op.ts";

/** A tool that is not as it was approved. */
export type StoredChange = {
  id: string;
  serverId: string;
  serverName: string;
  /** As which clients are told of it: empty for all of them, else by the abilities that they declare. */
  variant: string;
  abilities: string | null;
  tool: string;
  approvedHash: string | null;
  rejectedHash: string | null;
  /** Empty when the server offers it no more. */
  changeHash: string;
  hidden: readonly string[];
  seenAt: number;
};

/** Both definitions, as far as they are kept: too much to hold for a whole list. */
export type WholeChange = StoredChange & { approved: string | null; change: string | null };

export function* listChanges(): Op<StoredChange[]> {
  const rows: Row[] =
    yield sql`SELECT change_id, p.server_id, r.name AS server_name, p.variant, abilities, tool, approved_hash, rejected_hash,
      change_hash, change_hidden, seen_at
    FROM tool_pins p JOIN resources r ON r.id = p.server_id LEFT JOIN variants v
      ON v.server_id = p.server_id AND v.fingerprint = p.fingerprint AND v.variant = p.variant
    WHERE change_id IS NOT NULL ORDER BY r.name, tool, p.variant`;
  return rows.map(toChange);
}

export function* findChange(id: string): Op<WholeChange | undefined> {
  const [row]: Row[] =
    yield sql`SELECT p.*, abilities, r.name AS server_name FROM tool_pins p JOIN resources r ON r.id = p.server_id
    LEFT JOIN variants v ON v.server_id = p.server_id AND v.fingerprint = p.fingerprint AND v.variant = p.variant
    WHERE p.change_id = ${id}`;
  if (row === undefined) return undefined;
  return { ...toChange(row), approved: textOf(row["approved"]), change: textOf(row["change"]) };
}

/** What it says of itself is what is approved from now on, of all clients to whom it says the same. */
export function* approveChange(id: string): Op<void> {
  yield sql`UPDATE tool_pins SET approved_hash = change_hash, approved = change, read_only = change_read_only, rejected_hash = NULL,
    change_id = NULL, change_hash = NULL, change = NULL, change_read_only = 0, change_hidden = '', seen_at = NULL
    WHERE (server_id, fingerprint, tool, change_hash) =
      (SELECT server_id, fingerprint, tool, change_hash FROM tool_pins WHERE change_id = ${id})`;
}

/** That it is gone is settled: should it come back, it is a new tool. */
export function* approveRemoval(id: string): Op<void> {
  yield sql`DELETE FROM tool_pins WHERE change_id = ${id} AND change_hash = ''`;
}

export function* rejectChange(id: string): Op<void> {
  yield sql`UPDATE tool_pins SET rejected_hash = change_hash WHERE (server_id, fingerprint, tool, change_hash) =
    (SELECT server_id, fingerprint, tool, change_hash FROM tool_pins WHERE change_id = ${id})`;
}

const textOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));

const toChange = (row: Row): StoredChange => ({
  id: String(row["change_id"]),
  serverId: String(row["server_id"]),
  serverName: String(row["server_name"]),
  variant: String(row["variant"]),
  abilities: textOf(row["abilities"]),
  tool: String(row["tool"]),
  approvedHash: textOf(row["approved_hash"]),
  rejectedHash: textOf(row["rejected_hash"]),
  changeHash: String(row["change_hash"]),
  hidden: String(row["change_hidden"])
    .split(",")
    .filter((code) => code !== ""),
  seenAt: Number(row["seen_at"]),
});
