import type { SignedPlace } from "./audit.ts";
import { migrations } from "./migrations/index.ts";
import { type Op, type Row, type Statement, sql, type Value } from "./op.ts";

/** A table that a backup holds: what orders its rows, and the column that says to which resource a row belongs and goes with. */
export type Table = {
  name: string;
  key: readonly string[];
  owner?: string;
  /** Only rows of which this holds. */
  only?: string;
  /** With the audit log, and only when that is wanted. */
  isAudit?: true;
};

/**
 * Every table of which anything is lost when it is not backed up. Offers are: a server that was never listed here is believed its first list. The
 * others hold what is found out again (eras, the gate's openings), and logins of people, who have their password.
 */
export const backupTables = [
  { name: "resources", key: ["id"] },
  { name: "secret_values", key: ["secret_id"], owner: "secret_id" },
  { name: "passwords", key: ["user_id"], owner: "user_id" },
  { name: "rbac_subjects", key: ["subject", "definition_id"], owner: "definition_id" },
  { name: "group_members", key: ["member_id", "group_id"], owner: "group_id" },
  { name: "prompt_links", key: ["prompt_id"], owner: "prompt_id" },
  { name: "tool_pins", key: ["server_id", "fingerprint", "variant", "tool"], owner: "server_id" },
  { name: "variants", key: ["server_id", "fingerprint", "variant"], owner: "server_id" },
  { name: "offers", key: ["server_id"], owner: "server_id" },
  { name: "exposed_names", key: ["project_id", "list", "shown"], owner: "project_id" },
  { name: "tokens", key: ["id"] },
  { name: "sessions", key: ["id"], only: "user_id IN (SELECT id FROM resources WHERE kind = 'serviceaccount')" },
  { name: "audit_anchor", key: ["id"], isAudit: true },
  { name: "audit_events", key: ["seq"], isAudit: true },
  { name: "audit_heads", key: ["seq"], isAudit: true },
] as const satisfies readonly Table[];

/** How many steps a database of this program has had. */
export const schemaVersion = migrations.length;

const pageRows = 200;

/** Rows in the order of their key, after this one; none when there are no more. */
export function* rowsAfter(table: Table, last: Row | undefined): Op<Row[]> {
  const { first, next } = pages.get(table) ?? pagesOf(table);
  return yield last === undefined
    ? { parts: first, values: [] }
    : { parts: next, values: table.key.map((column) => last[column] ?? null) };
}

const pages = new Map<Table, { first: readonly string[]; next: readonly string[] }>();
function pagesOf(table: Table) {
  const { name, key, only = "1 = 1" } = table;
  const columns = key.join(", ");
  const select = (where: string) => `SELECT * FROM ${name} WHERE ${where} ORDER BY ${columns} LIMIT ${pageRows}`;
  const made = {
    first: [select(only)],
    next: select(`${only} AND (${columns}) > (${key.map(() => "?").join(", ")})`).split("?"),
  };
  pages.set(table, made);
  return made;
}

export function* countRows({ name, only = "1 = 1" }: Table): Op<number> {
  const [row]: Row[] = yield { parts: [`SELECT count(*) AS count FROM ${name} WHERE ${only}`], values: [] };
  return Number(row?.["count"] ?? 0);
}

/** The rows that go with a resource. */
export function* rowsOf({ name, owner }: Table, id: string): Op<Row[]> {
  return owner === undefined ? [] : yield { parts: [`SELECT * FROM ${name} WHERE ${owner} = `, ""], values: [id] };
}

export function* deleteRowsOf({ name, owner }: Table, id: string): Op<void> {
  if (owner !== undefined) yield { parts: [`DELETE FROM ${name} WHERE ${owner} = `, ""], values: [id] };
}

export function* columnsOf({ name }: Table): Op<Set<string>> {
  const rows: Row[] = yield sql`SELECT name FROM pragma_table_info(${name})`;
  return new Set(rows.map((row) => String(row["name"])));
}

/** As it stands; of one whose key is there already the first stays. The names of its columns must be known to be columns. */
export function* insertRow({ name }: Table, row: Row): Op<void> {
  yield insertion(name, row, " ON CONFLICT DO NOTHING");
}

/** The same, where nothing may be there already. */
export function* insertNewRow({ name }: Table, row: Row): Op<void> {
  yield insertion(name, row, "");
}

const insertions = new Map<string, readonly string[]>();
function insertion(name: string, row: Row, ending: string): Statement {
  const columns = Object.keys(row);
  const text = `INSERT INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})${ending}`;
  // One list of parts for one statement, which is then prepared once.
  const parts = insertions.get(text) ?? text.split("?");
  insertions.set(text, parts);
  return { parts, values: Object.values(row) as Value[] };
}

/** Rows that refer to what is not there: their table, and the one that they refer to. */
export function* danglingRows(): Op<{ table: string; parent: string }[]> {
  const rows: Row[] = yield sql`SELECT DISTINCT "table", parent FROM pragma_foreign_key_check`;
  return rows.map((row) => ({ table: String(row["table"]), parent: String(row["parent"]) }));
}

/** Within one transaction, rows may refer to what comes after them. */
export function* deferReferences(): Op<void> {
  yield { parts: ["PRAGMA defer_foreign_keys = ON"], values: [] };
}

/** The beginning of a log that is empty: what retention took away where it came from. */
export function* setAuditAnchor({ seq, hash, at, mac }: SignedPlace): Op<void> {
  if (seq > 0) yield sql`UPDATE audit_anchor SET seq = ${seq}, hash = ${hash}, at = ${at}, mac = ${mac}`;
}
