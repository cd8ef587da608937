import { expect, test } from "bun:test";
import { migrations } from "../../src/storage/migrations/index.ts";
import type { Row } from "../../src/storage/op.ts";
import { isQuiet } from "../../src/storage/quiet.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";

const loud = [
  "resources",
  "tokens",
  "sessions",
  "rbac_subjects",
  "group_members",
  "secret_values",
  "passwords",
  "meta",
  "prompt_links",
];

test("what is written to a table of rights, or in a way that is not known, is not quiet", () => {
  for (const table of loud)
    for (const text of [`INSERT INTO ${table} (id) VALUES (?)`, `UPDATE ${table} SET id = ?`, `DELETE FROM ${table}`])
      expect([text, isQuiet(text)]).toEqual([text, false]);
  for (const text of [
    "UPDATE tokens SET last_used_at = ?, revoked_at = NULL WHERE id = ?",
    "WITH gone AS (SELECT id FROM tokens) DELETE FROM tokens WHERE id IN gone",
    "INSERT OR REPLACE INTO eras (server_id) VALUES (?)",
    "DELETE FROM offers_and_tokens",
    "PRAGMA foreign_keys = OFF",
    "ALTER TABLE offers RENAME TO tokens",
    "",
  ])
    expect([text, isQuiet(text)]).toEqual([text, false]);
});

test("questions are quiet, and so are what is seen, shown and recorded", () => {
  for (const text of [
    "SELECT * FROM tokens",
    "WITH RECURSIVE under (id) AS (SELECT id FROM tokens) SELECT id FROM under",
    "UPDATE tokens\n  SET last_used_at = ? WHERE id = ?",
    "INSERT INTO audit_events (seq) VALUES (?)",
    "SAVEPOINT part",
  ])
    expect([text, isQuiet(text)]).toEqual([text, true]);
});

/** A trigger or a cascade would write elsewhere what the statement's text does not say. */
test("no write to a quiet table reaches another one", () => {
  const db = openSqlite(":memory:");
  for (const step of migrations) db.raw.run(step);
  const rows = (text: string) => db.raw.query(text).all() as Row[];
  const tables = rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map(({ name }) => String(name));
  const quiet = tables.filter((table) => isQuiet(`DELETE FROM ${table}`));
  expect(tables.filter((table) => !quiet.includes(table)).toSorted()).toEqual(loud.toSorted());
  const parents = tables.flatMap((table) =>
    rows(`PRAGMA foreign_key_list(${table})`).map((key) => String(key["table"])),
  );
  expect(parents.filter((table) => quiet.includes(table))).toEqual([]);
  const triggers = rows("SELECT sql FROM sqlite_schema WHERE type = 'trigger'").map(({ sql }) => String(sql));
  expect(triggers.filter((text) => !/BEGIN\s+SELECT RAISE\(ABORT, '[^']*'\);\s+END$/.test(text))).toEqual([]);
  db.close();
});
