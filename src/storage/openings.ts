import { type Op, type Row, sql } from "./op.ts";

/** The gate of a project, open for somebody: what they said they are about, and which prompts they were given. Times in milliseconds. */
export type StoredOpening = {
  projectId: string;
  holder: string;
  tags: readonly string[];
  delivered: readonly string[];
  openedAt: number;
  expiresAt: number;
};

/** The latest so many that are not over, the earliest of them first. */
export function* listOpenings(now: number, most: number): Op<StoredOpening[]> {
  const rows: Row[] =
    yield sql`SELECT * FROM gate_openings WHERE expires_at > ${now} ORDER BY opened_at DESC, holder LIMIT ${most}`;
  return rows.map(toOpening).reverse();
}

/** Nothing is kept of a project that was deleted meanwhile. */
export function* putOpening({ projectId, holder, tags, delivered, openedAt, expiresAt }: StoredOpening): Op<void> {
  yield sql`INSERT INTO gate_openings (project_id, holder, tags, delivered, opened_at, expires_at)
    SELECT id, ${holder}, ${JSON.stringify(tags)}, ${JSON.stringify(delivered)}, ${openedAt}, ${expiresAt}
    FROM resources WHERE id = ${projectId}
    ON CONFLICT (project_id, holder) DO UPDATE SET tags = excluded.tags, delivered = excluded.delivered,
      opened_at = excluded.opened_at, expires_at = excluded.expires_at`;
}

export function* deleteOpening(projectId: string, holder: string): Op<void> {
  yield sql`DELETE FROM gate_openings WHERE project_id = ${projectId} AND holder = ${holder}`;
}

export function* deleteExpiredOpenings(now: number): Op<void> {
  yield sql`DELETE FROM gate_openings WHERE expires_at <= ${now}`;
}

const toOpening = (row: Row): StoredOpening => ({
  projectId: String(row["project_id"]),
  holder: String(row["holder"]),
  tags: JSON.parse(String(row["tags"])) as string[],
  delivered: JSON.parse(String(row["delivered"])) as string[],
  openedAt: Number(row["opened_at"]),
  expiresAt: Number(row["expires_at"]),
});
