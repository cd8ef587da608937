import { type Op, type Row, sql } from "./op.ts";

/** What a tool said of itself when it was first listed by a server that executes what `fingerprint` says. */
export type Pin = { serverId: string; fingerprint: string; tool: string; readOnly: boolean };

export function* listPins(): Op<Pin[]> {
  const rows: Row[] = yield sql`SELECT * FROM tool_pins`;
  return rows.map((row) => ({
    serverId: String(row["server_id"]),
    fingerprint: String(row["fingerprint"]),
    tool: String(row["tool"]),
    readOnly: row["read_only"] === 1,
  }));
}

/** The first one stays. */
export function* insertPin({ serverId, fingerprint, tool, readOnly }: Pin): Op<void> {
  yield sql`INSERT INTO tool_pins (server_id, fingerprint, tool, read_only)
    SELECT id, ${fingerprint}, ${tool}, ${readOnly ? 1 : 0} FROM resources WHERE id = ${serverId} ON CONFLICT DO NOTHING`;
}

/** Lets go of what was pinned while the server executed something else. */
export function* deleteOtherPins(serverId: string, fingerprint: string): Op<void> {
  yield sql`DELETE FROM tool_pins WHERE server_id = ${serverId} AND fingerprint <> ${fingerprint}`;
}
