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

/** A statement that is made of a table's own words. One text has one list of parts, which is prepared once. */
function madeOf(text: string, values: readonly Value[]): Statement {
  const parts = partsOf.get(text) ?? text.split("?");
  partsOf.set(text, parts);
  return { parts, values };
}
const partsOf = new Map<string, readonly string[]>();

/** Rows in the order of their key, after this one; none when there are no more. */
export function* rowsAfter({ name, key, only = "1 = 1" }: Table, last: Row | undefined): Op<Row[]> {
  const columns = key.join(", ");
  const after = last === undefined ? "" : ` AND (${columns}) > (${key.map(() => "?").join(", ")})`;
  const text = `SELECT * FROM ${name} WHERE ${only}${after} ORDER BY ${columns} LIMIT ${pageRows}`;
  return yield madeOf(text, last === undefined ? [] : key.map((column) => last[column] ?? null));
}

export function* countRows({ name, only = "1 = 1" }: Table): Op<number> {
  const [row]: Row[] = yield madeOf(`SELECT count(*) AS count FROM ${name} WHERE ${only}`, []);
  return Number(row?.["count"] ?? 0);
}

/** The rows that go with a resource. */
export function* rowsOf({ name, owner }: Table, id: string): Op<Row[]> {
  return owner === undefined ? [] : yield madeOf(`SELECT * FROM ${name} WHERE ${owner} = ?`, [id]);
}

export function* deleteRowsOf({ name, owner }: Table, id: string): Op<void> {
  if (owner !== undefined) yield madeOf(`DELETE FROM ${name} WHERE ${owner} = ?`, [id]);
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

const insertion = (name: string, row: Row, ending: string): Statement => {
  const columns = Object.keys(row);
  const places = columns.map(() => "?").join(", ");
  return madeOf(`INSERT INTO ${name} (${columns.join(", ")}) VALUES (${places})${ending}`, Object.values(row));
};

/** Rows that refer to what is not there: their table, and the one that they refer to. */
export function* danglingRows(): Op<{ table: string; parent: string }[]> {
  const rows: Row[] = yield sql`SELECT DISTINCT "table", parent FROM pragma_foreign_key_check`;
  return rows.map((row) => ({ table: String(row["table"]), parent: String(row["parent"]) }));
}

/** Within one transaction, rows may refer to what comes after them. */
export function* deferReferences(): Op<void> {
  yield madeOf("PRAGMA defer_foreign_keys = ON", []);
}

/** The beginning of a log that is empty: what retention took away where it came from. */
export function* setAuditAnchor({ seq, hash, at, mac }: SignedPlace): Op<void> {
  if (seq > 0) yield sql`UPDATE audit_anchor SET seq = ${seq}, hash = ${hash}, at = ${at}, mac = ${mac}`;
}
