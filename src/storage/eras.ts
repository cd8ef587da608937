import { type Op, type Row, sql } from "./op.ts";

/** In which era a server that executes what `fingerprint` says answered. */
export type Verdict = { serverId: string; fingerprint: string; era: "legacy" | "modern"; decidedAt: number };

export function* putVerdict({ serverId, fingerprint, era, decidedAt }: Verdict): Op<void> {
  yield sql`INSERT INTO eras (server_id, fingerprint, era, decided_at) SELECT id, ${fingerprint}, ${era}, ${decidedAt}
    FROM resources WHERE id = ${serverId}
    ON CONFLICT (server_id) DO UPDATE SET fingerprint = excluded.fingerprint, era = excluded.era, decided_at = excluded.decided_at`;
}

export function* listVerdicts(): Op<Verdict[]> {
  const rows: Row[] = yield sql`SELECT * FROM eras`;
  return rows.map((row) => ({
    serverId: String(row["server_id"]),
    fingerprint: String(row["fingerprint"]),
    era: row["era"] === "modern" ? "modern" : "legacy",
    decidedAt: Number(row["decided_at"]),
  }));
}
