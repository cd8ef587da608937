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
  /** The token that minted it, which it ends with. */
  parentId: string | null;
  /** The token that it was rotated into, which has its name now. */
  successorId: string | null;
  /** Patterns of the only tools it may use; null is no restriction. */
  tools: readonly string[] | null;
  readOnly: boolean;
  /** Fields of its own definition of rights as JSON text, when it has one; not read by `findTokenByHash`. */
  definition: string | null;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
};

export function* insertToken(token: Omit<StoredToken, "projectName" | "ownerName" | "definition">): Op<void> {
  const { id, hash, name, prefix, description, projectId, ownerId, parentId, createdAt, expiresAt } = token;
  const tools = token.tools === null ? null : JSON.stringify(token.tools);
  yield sql`INSERT INTO tokens (id, hash, name, prefix, description, project_id, owner_id, parent_id, tools, read_only, created_at, expires_at)
    VALUES (${id}, ${hash}, ${name}, ${prefix}, ${description}, ${projectId}, ${ownerId}, ${parentId}, ${tools},
      ${token.readOnly ? 1 : 0}, ${createdAt}, ${expiresAt})`;
}

/** Asked at every request, so written with subqueries: each join costs six times as much here as all else (bench/rbac.ts). */
export function* findTokenByHash(hash: string): Op<StoredToken | undefined> {
  const rows: Row[] = yield sql`SELECT t.*, (SELECT name FROM resources WHERE id = t.project_id) AS project_name,
    (SELECT name FROM resources WHERE id = t.owner_id) AS owner_name FROM tokens t WHERE t.hash = ${hash}`;
  return rows[0] === undefined ? undefined : toToken(rows[0]);
}

/** By the public digits of its subject, which are the first of its hash. */
export function* findTokenBySha(sha: string): Op<StoredToken | undefined> {
  // All sixteen: fewer would name whichever token happens to begin so.
  if (!/^[0-9a-f]{16}$/.test(sha)) return undefined;
  // `g` follows the last hexadecimal digit, so the index answers.
  const rows: Row[] =
    yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name, d.fields AS definition FROM tokens t
    JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
    LEFT JOIN resources d ON d.kind = 'rbac' AND d.name = 'mcptoken-' || t.id WHERE t.hash >= ${sha} AND t.hash < ${`${sha}g`}`;
  return rows.length === 1 && rows[0] !== undefined ? toToken(rows[0]) : undefined;
}

/** By id, or by name within a project; of several of one name the one that holds it now, else the newest. */
export function* findToken(ref: string, projectId: string | undefined): Op<StoredToken | undefined> {
  const rows: Row[] = isId(ref)
    ? yield sql`SELECT t.*, (SELECT name FROM resources WHERE id = t.project_id) AS project_name,
        (SELECT name FROM resources WHERE id = t.owner_id) AS owner_name,
        (SELECT fields FROM resources WHERE kind = 'rbac' AND name = 'mcptoken-' || t.id) AS definition
        FROM tokens t WHERE t.id = ${ref}`
    : yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name, d.fields AS definition FROM tokens t
        JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
        LEFT JOIN resources d ON d.kind = 'rbac' AND d.name = 'mcptoken-' || t.id
        WHERE t.name = ${ref} AND t.project_id = ${projectId ?? ""}
        ORDER BY t.revoked_at IS NOT NULL, t.successor_id IS NOT NULL, t.created_at DESC LIMIT 1`;
  return rows[0] === undefined ? undefined : toToken(rows[0]);
}

export function* listTokens(projectId: string | undefined): Op<StoredToken[]> {
  const rows: Row[] =
    projectId === undefined
      ? yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name, d.fields AS definition FROM tokens t
          JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
          LEFT JOIN resources d ON d.kind = 'rbac' AND d.name = 'mcptoken-' || t.id ORDER BY p.name, t.name, t.created_at`
      : yield sql`SELECT t.*, p.name AS project_name, u.name AS owner_name, d.fields AS definition FROM tokens t
          JOIN resources p ON p.id = t.project_id JOIN resources u ON u.id = t.owner_id
          LEFT JOIN resources d ON d.kind = 'rbac' AND d.name = 'mcptoken-' || t.id
          WHERE t.project_id = ${projectId} ORDER BY t.name, t.created_at`;
  return rows.map(toToken);
}

/** The tokens that end with a project, an account or a token, at whatever remove they were minted. */
export function* tokensUnder(id: string): Op<string[]> {
  const rows: Row[] = yield sql`WITH RECURSIVE under (id) AS (
      SELECT id FROM tokens WHERE project_id = ${id} OR owner_id = ${id} OR parent_id = ${id}
      UNION SELECT t.id FROM tokens t JOIN under ON t.parent_id = under.id)
    SELECT id FROM under`;
  return rows.map((row) => String(row["id"]));
}

/** Those that were rotated into this one, which has their name, at whatever remove: in an overlap they are still accepted. */
export function* tokensBefore(id: string): Op<string[]> {
  const rows: Row[] = yield sql`WITH RECURSIVE before (id) AS (
      SELECT id FROM tokens WHERE successor_id = ${id}
      UNION SELECT t.id FROM tokens t JOIN before ON t.successor_id = before.id)
    SELECT id FROM before`;
  return rows.map((row) => String(row["id"]));
}

/** Final: there is no way back from it. */
export function* revokeToken(id: string, now: number): Op<void> {
  yield sql`UPDATE tokens SET revoked_at = ${now} WHERE id = ${id} AND revoked_at IS NULL`;
}

/** Leaves its name to a successor, and ends at this instant unless it ends before. */
export function* succeedToken(id: string, successorId: string, endsAt: number): Op<void> {
  yield sql`UPDATE tokens SET successor_id = ${successorId} WHERE id = ${id}`;
  yield* endTokenBy(id, endsAt);
}

export function* endTokenBy(id: string, endsAt: number): Op<void> {
  yield sql`UPDATE tokens SET expires_at = ${endsAt} WHERE id = ${id} AND (expires_at IS NULL OR expires_at > ${endsAt})`;
}

export function* deleteToken(id: string): Op<void> {
  yield sql`DELETE FROM tokens WHERE id = ${id}`;
}

export function* touchTokens(lastUses: Iterable<[id: string, at: number]>): Op<void> {
  for (const [id, at] of lastUses) yield sql`UPDATE tokens SET last_used_at = ${at} WHERE id = ${id}`;
}

const orNull = (value: Row[string] | undefined) => (value === null || value === undefined ? null : Number(value));
const textOrNull = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));

const toToken = (row: Row): StoredToken => ({
  id: String(row["id"]),
  hash: String(row["hash"]),
  name: String(row["name"]),
  prefix: String(row["prefix"]),
  description: textOrNull(row["description"]),
  projectId: String(row["project_id"]),
  projectName: String(row["project_name"]),
  ownerId: String(row["owner_id"]),
  ownerName: String(row["owner_name"]),
  parentId: textOrNull(row["parent_id"]),
  successorId: textOrNull(row["successor_id"]),
  tools: row["tools"] === null ? null : (JSON.parse(String(row["tools"])) as string[]),
  readOnly: row["read_only"] === 1,
  definition: textOrNull(row["definition"]),
  createdAt: Number(row["created_at"]),
  expiresAt: orNull(row["expires_at"]),
  revokedAt: orNull(row["revoked_at"]),
  lastUsedAt: orNull(row["last_used_at"]),
});
