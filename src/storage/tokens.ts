import { isId } from "../lib/id.ts";
import { type Op, type Row, sql } from "./op.ts";

/** A project's bearer. The hash is keyed, so that even write access to this table cannot forge a token. */
export type StoredToken = {
  id: string;
  hash: string;
  name: string;
  prefix: string;
  description: string | null;
  projectId: string;
  projectName: string;
  ownerId: string;
  ownerName: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
};

export function* insertToken(token: Omit<StoredToken, "projectName" | "ownerName">): Op<void> {
  const { id, hash, name, prefix, description, projectId, ownerId, createdAt, expiresAt } = token;
  yield sql`INSERT INTO tokens (id, hash, name, prefix, description, project_id, owner_id, created_at, expires_at)
    VALUES (${id}, ${hash}, ${name}, ${prefix}, ${description}, ${projectId}, ${ownerId}, ${createdAt}, ${expiresAt})`;
}

export function* findTokenByHash(hash: string): Op<StoredToken | undefined> {
  const rows: Row[] = yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name FROM tokens t
    JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id WHERE t.hash = ${hash}`;
  return rows[0] === undefined ? undefined : toToken(rows[0]);
}

/** By id, or by name within a project; of several of one name the newest, which is the active one if any is. */
export function* findToken(ref: string, projectId: string | undefined): Op<StoredToken | undefined> {
  const rows: Row[] = isId(ref)
    ? yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name FROM tokens t
        JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id WHERE t.id = ${ref}`
    : yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name FROM tokens t
        JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
        WHERE t.name = ${ref} AND t.project_id = ${projectId ?? ""} ORDER BY t.revoked_at IS NOT NULL, t.created_at DESC LIMIT 1`;
  return rows[0] === undefined ? undefined : toToken(rows[0]);
}

export function* listTokens(projectId: string | undefined): Op<StoredToken[]> {
  const rows: Row[] =
    projectId === undefined
      ? yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name FROM tokens t
          JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id ORDER BY p.name, t.name, t.created_at`
      : yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name FROM tokens t
          JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
          WHERE t.project_id = ${projectId} ORDER BY t.name, t.created_at`;
  return rows.map(toToken);
}

/** Final: there is no way back from it. */
export function* revokeToken(id: string, now: number): Op<void> {
  yield sql`UPDATE tokens SET revoked_at = ${now} WHERE id = ${id} AND revoked_at IS NULL`;
}

export function* deleteToken(id: string): Op<void> {
  yield sql`DELETE FROM tokens WHERE id = ${id}`;
}

export function* touchTokens(lastUses: Iterable<[id: string, at: number]>): Op<void> {
  for (const [id, at] of lastUses) yield sql`UPDATE tokens SET last_used_at = ${at} WHERE id = ${id}`;
}

const orNull = (value: Row[string] | undefined) => (value === null || value === undefined ? null : Number(value));

const toToken = (row: Row): StoredToken => ({
  id: String(row["id"]),
  hash: String(row["hash"]),
  name: String(row["name"]),
  prefix: String(row["prefix"]),
  description: row["description"] === null ? null : String(row["description"]),
  projectId: String(row["project_id"]),
  projectName: String(row["project_name"]),
  ownerId: String(row["owner_id"]),
  ownerName: String(row["owner_name"]),
  createdAt: Number(row["created_at"]),
  expiresAt: orNull(row["expires_at"]),
  revokedAt: orNull(row["revoked_at"]),
  lastUsedAt: orNull(row["last_used_at"]),
});
