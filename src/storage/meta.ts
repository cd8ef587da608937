import { type Op, type Row, sql } from "./op.ts";

/** Facts about this database itself, such as the fingerprint of the master key that wrote it. */
export function* getMeta(key: string): Op<string | undefined> {
  const [row]: Row[] = yield sql`SELECT value FROM meta WHERE key = ${key}`;
  return row === undefined ? undefined : String(row["value"]);
}

export function* setMeta(key: string, value: string): Op<void> {
  yield sql`INSERT INTO meta (key, value) VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
}
