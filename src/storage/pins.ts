import { type Op, type Row, sql } from "./op.ts";

/** A tool of a server that executes what `fingerprint` says: what of it was approved, what was rejected, and what else it says of itself. */
export type Pin = {
  serverId: string;
  fingerprint: string;
  /** Empty for what the server offers to all clients; else the clients to whom it says this of the tool. */
  variant: string;
  tool: string;
  /** Null when nothing of it was ever approved; empty when it was approved before definitions were kept. */
  approvedHash: string | null;
  /** Whether what was approved says that it changes nothing. */
  readOnly: boolean;
  rejectedHash: string | null;
  /** What it says of itself that is not approved; empty when its server offers it no more. */
  changeHash: string | null;
};

/** What is kept of a definition. `text` is null when it is too long; `hidden` are the characters in it that nobody sees. */
export type Definition = { hash: string; text: string | null; readOnly: boolean; hidden: readonly string[] };

/** Which tool of which server, as which clients are told of it. */
type Place = Pick<Pin, "serverId" | "fingerprint" | "variant" | "tool">;

export function* listPins(): Op<Pin[]> {
  const rows: Row[] =
    yield sql`SELECT server_id, fingerprint, variant, tool, approved_hash, read_only, rejected_hash, change_hash FROM tool_pins`;
  return rows.map(toPin);
}

export function* pinsOfServer(serverId: string): Op<Pin[]> {
  const rows: Row[] =
    yield sql`SELECT server_id, fingerprint, variant, tool, approved_hash, read_only, rejected_hash, change_hash FROM tool_pins
    WHERE server_id = ${serverId}`;
  return rows.map(toPin);
}

/** As approved, whatever it was before. */
export function* pinApproved(
  { serverId, fingerprint, variant, tool }: Place,
  { hash, text, readOnly }: Definition,
): Op<void> {
  yield sql`INSERT INTO tool_pins (server_id, fingerprint, variant, tool, read_only, approved_hash, approved)
    SELECT id, ${fingerprint}, ${variant}, ${tool}, ${readOnly ? 1 : 0}, ${hash}, ${text} FROM resources WHERE id = ${serverId}
    ON CONFLICT (server_id, fingerprint, variant, tool) DO UPDATE SET read_only = excluded.read_only,
      approved_hash = excluded.approved_hash, approved = excluded.approved, rejected_hash = NULL,
      change_id = NULL, change_hash = NULL, change = NULL, change_read_only = 0, change_hidden = '', seen_at = NULL`;
}

/** What a tool says of itself beside what is approved. `id` names the change if there was none yet. */
export function* pinChange(
  { serverId, fingerprint, variant, tool }: Place,
  { hash, text, readOnly, hidden }: Definition,
  { id, seenAt }: { id: string; seenAt: number },
): Op<void> {
  yield sql`INSERT INTO tool_pins (server_id, fingerprint, variant, tool, read_only, change_id, change_hash, change, change_read_only, change_hidden,
      seen_at)
    SELECT id, ${fingerprint}, ${variant}, ${tool}, 0, ${id}, ${hash}, ${text}, ${readOnly ? 1 : 0}, ${hidden.join()}, ${seenAt}
    FROM resources WHERE id = ${serverId}
    ON CONFLICT (server_id, fingerprint, variant, tool) DO UPDATE SET change_id = coalesce(change_id, excluded.change_id),
      change_hash = excluded.change_hash, change = excluded.change, change_read_only = excluded.change_read_only,
      change_hidden = excluded.change_hidden, seen_at = excluded.seen_at`;
}

/** It says again what is approved. */
export function* dropChange({ serverId, fingerprint, variant, tool }: Place): Op<void> {
  yield sql`UPDATE tool_pins SET change_id = NULL, change_hash = NULL, change = NULL, change_read_only = 0, change_hidden = '', seen_at = NULL
    WHERE server_id = ${serverId} AND fingerprint = ${fingerprint} AND variant = ${variant} AND tool = ${tool}`;
}

export function* deletePin({ serverId, fingerprint, variant, tool }: Place): Op<void> {
  yield sql`DELETE FROM tool_pins WHERE server_id = ${serverId} AND fingerprint = ${fingerprint} AND variant = ${variant} AND tool = ${tool}`;
}

/** Lets go of what was pinned while the server executed something else. */
export function* deleteOtherPins(serverId: string, fingerprint: string): Op<void> {
  yield sql`DELETE FROM tool_pins WHERE server_id = ${serverId} AND fingerprint <> ${fingerprint}`;
}

const toPin = (row: Row): Pin => ({
  serverId: String(row["server_id"]),
  fingerprint: String(row["fingerprint"]),
  variant: String(row["variant"]),
  tool: String(row["tool"]),
  approvedHash: textOf(row["approved_hash"]),
  readOnly: row["read_only"] === 1,
  rejectedHash: textOf(row["rejected_hash"]),
  changeHash: textOf(row["change_hash"]),
});

const textOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));
