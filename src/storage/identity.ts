import { type Op, type Row, sql } from "./op.ts";

/** A login: an opaque bearer's hash, and whose it is, a user or a service account. `expiresAt` null never ends. */
export type Session = {
  id: string;
  hash: string;
  userId: string;
  label: string;
  createdAt: number;
  expiresAt: number | null;
};

export function* insertSession(session: Session): Op<void> {
  const { id, hash, userId, label, createdAt, expiresAt } = session;
  yield sql`INSERT INTO sessions (id, hash, user_id, label, created_at, expires_at)
    VALUES (${id}, ${hash}, ${userId}, ${label}, ${createdAt}, ${expiresAt})`;
}

export function* findSession(hash: string): Op<Session | undefined> {
  const [row]: Row[] = yield sql`SELECT * FROM sessions WHERE hash = ${hash}`;
  return row === undefined ? undefined : toSession(row);
}

/** With the name of whose each is, oldest first. */
export function* listSessions(): Op<(Session & { ownerName: string })[]> {
  const rows: Row[] =
    yield sql`SELECT s.*, r.name AS owner_name FROM sessions s JOIN resources r ON r.id = s.user_id ORDER BY s.id`;
  return rows.map((row) => ({ ...toSession(row), ownerName: String(row["owner_name"]) }));
}

export function* deleteSession(id: string): Op<void> {
  yield sql`DELETE FROM sessions WHERE id = ${id}`;
}

export function* deleteSessionsOf(userId: string): Op<void> {
  yield sql`DELETE FROM sessions WHERE user_id = ${userId}`;
}

export function* deleteOtherSessionsOf(userId: string, keptId: string): Op<void> {
  yield sql`DELETE FROM sessions WHERE user_id = ${userId} AND id <> ${keptId}`;
}

export function* deleteExpiredSessions(now: number): Op<void> {
  yield sql`DELETE FROM sessions WHERE expires_at IS NOT NULL AND expires_at <= ${now}`;
}

export function* setPassword(userId: string, hash: string, now: number): Op<void> {
  yield sql`INSERT INTO passwords (user_id, hash, changed_at) VALUES (${userId}, ${hash}, ${now})
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at`;
}

export function* findPassword(userId: string): Op<string | undefined> {
  const [row]: Row[] = yield sql`SELECT hash FROM passwords WHERE user_id = ${userId}`;
  return row === undefined ? undefined : String(row["hash"]);
}

const toSession = (row: Row): Session => ({
  id: String(row["id"]),
  hash: String(row["hash"]),
  userId: String(row["user_id"]),
  label: String(row["label"]),
  createdAt: Number(row["created_at"]),
  expiresAt: row["expires_at"] === null ? null : Number(row["expires_at"]),
});
