import { isId } from "../lib/id.ts";
import { findKind } from "../resources/index.ts";
import { type Op, type Row, sql } from "./op.ts";

/**
 * A row of the one table for declarative kinds. `fields` is what the manifest said, without name and kind. Where names are unique within a
 * project, the table holds `demo/style`, or `/style` for one of no project; everybody else sees the plain name.
 */
export type StoredResource = {
  id: string;
  kind: string;
  name: string;
  version: number;
  fields: Record<string, unknown>;
  createdAt: number;
  updatedAt: number;
};

export function* listResources(kind: string): Op<StoredResource[]> {
  const rows: Row[] = yield sql`SELECT * FROM resources WHERE kind = ${kind} ORDER BY name`;
  return rows.map(toResource);
}

/** All of a kind, in the order of their names, for going through more of them than one holds at once. */
export function* resourceIds(kind: string): Op<string[]> {
  const rows: Row[] = yield sql`SELECT id FROM resources WHERE kind = ${kind} ORDER BY name`;
  return rows.map((row) => String(row["id"]));
}

/** Those of one project, or with an empty word those of none. For kinds that are scoped. */
export function* listWithin(kind: string, project: string): Op<StoredResource[]> {
  const prefix = rowName(project, "");
  const rows: Row[] =
    yield sql`SELECT * FROM resources WHERE kind = ${kind} AND substr(name, 1, ${prefix.length}) = ${prefix} ORDER BY name`;
  return rows.map(toResource);
}

/** A row, and where it stands among those of its kind. */
export type PlacedRow = { place: string; row: StoredResource };

/**
 * So many rows in the order of their places, from beyond `after`; of one project, or with an empty word of none, where a project is given. What
 * it costs grows with the rows it answers, not with those there are.
 */
export function* pageResources(kind: string, after: string, limit: number, project?: string): Op<PlacedRow[]> {
  const prefix = project === undefined ? "" : rowName(project, "");
  // The last of all characters that names have is below `{`.
  const end = `${prefix}{`;
  const from = after > prefix ? after : prefix;
  const rows: Row[] =
    yield sql`SELECT * FROM resources WHERE kind = ${kind} AND name > ${from} AND name < ${end} ORDER BY name LIMIT ${limit}`;
  return rows.map((row) => ({ place: String(row["name"]), row: toResource(row) }));
}

/** All of this name, in whichever project. For kinds that are scoped. */
export function* listNamed(kind: string, name: string): Op<StoredResource[]> {
  // Nothing else is a name, and a pattern must not come in here.
  if (!/^[a-z0-9-]+$/.test(name)) return [];
  const rows: Row[] =
    yield sql`SELECT * FROM resources WHERE kind = ${kind} AND name LIKE ${`%${rowName("", name)}`} ORDER BY name`;
  return rows.map(toResource);
}

/** How the table names what is called so within a project; the project is empty for what is of none. */
export const rowName = (project: string, name: string): string => `${project}/${name}`;

/** How the table names it. */
export const nameInTable = ({ kind, name, fields }: Pick<StoredResource, "kind" | "name" | "fields">): string =>
  isScoped(kind) ? rowName(String(fields["project"] ?? ""), name) : name;

const isScoped = (kind: string): boolean => findKind(kind)?.scopes !== undefined;

/** By id, or by its name in the table. */
export function* findResource(kind: string, ref: string): Op<StoredResource | undefined> {
  const rows: Row[] = isId(ref)
    ? yield sql`SELECT * FROM resources WHERE id = ${ref} AND kind = ${kind}`
    : yield sql`SELECT * FROM resources WHERE kind = ${kind} AND name = ${ref}`;
  return rows[0] === undefined ? undefined : toResource(rows[0]);
}

/** Those of these names that are there, in one question; by their names in the table. */
export function* findNamed(kind: string, names: readonly string[]): Op<Map<string, StoredResource>> {
  const rows: Row[] =
    yield sql`SELECT * FROM resources WHERE kind = ${kind} AND name IN (SELECT value FROM json_each(${JSON.stringify(names)}))`;
  return new Map(rows.map((row) => [String(row["name"]), toResource(row)]));
}

/** The user or service account of this id. */
export function* findPrincipal(id: string): Op<StoredResource | undefined> {
  const [row]: Row[] = yield sql`SELECT * FROM resources WHERE id = ${id} AND kind IN ('user', 'serviceaccount')`;
  return row === undefined ? undefined : toResource(row);
}

export function* insertResource(resource: StoredResource): Op<void> {
  const { id, kind, version, fields, createdAt, updatedAt } = resource;
  yield sql`INSERT INTO resources (id, kind, name, version, fields, created_at, updated_at)
    VALUES (${id}, ${kind}, ${nameInTable(resource)}, ${version}, ${JSON.stringify(fields)}, ${createdAt}, ${updatedAt})`;
}

/** Compare-and-swap: false when somebody else wrote a newer version since this one was read. */
export function* replaceResource(resource: StoredResource, readVersion: number): Op<boolean> {
  const { id, version, fields, updatedAt } = resource;
  const rows: Row[] =
    yield sql`UPDATE resources SET name = ${nameInTable(resource)}, version = ${version}, fields = ${JSON.stringify(fields)}, updated_at = ${updatedAt}
    WHERE id = ${id} AND version = ${readVersion} RETURNING id`;
  return rows.length === 1;
}

export function* deleteResource(id: string): Op<void> {
  yield sql`DELETE FROM resources WHERE id = ${id}`;
}

export const toResource = (row: Row): StoredResource => ({
  id: String(row["id"]),
  kind: String(row["kind"]),
  name: isScoped(String(row["kind"])) ? String(row["name"]).replace(/^[^/]*\//, "") : String(row["name"]),
  version: Number(row["version"]),
  fields: JSON.parse(String(row["fields"])) as Record<string, unknown>,
  createdAt: Number(row["created_at"]),
  updatedAt: Number(row["updated_at"]),
});
