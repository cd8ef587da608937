import { Database } from "bun:sqlite";
import { join } from "node:path";

/** What SQLite itself, and rules between tables that no constraint knows, say against the database of this folder. */
export function faultsOf(dataDir: string): string[] {
  return reading(dataDir, (db) => {
    const integrity = db.query("PRAGMA integrity_check").values().flat();
    const foreign = db.query("PRAGMA foreign_key_check").values();
    const halves = db
      .query(
        `SELECT r.name FROM resources r LEFT JOIN secret_values v ON v.secret_id = r.id AND v.version = r.version
          WHERE r.kind = 'secret' AND v.secret_id IS NULL`,
      )
      .values();
    const pair = db.query("SELECT DISTINCT json_extract(fields, '$.description') FROM resources WHERE name = 'pair'");
    return [
      ...integrity.filter((word) => word !== "ok").map((word) => `integrity: ${word}`),
      ...foreign.map((row) => `foreign key: ${row}`),
      ...halves.map((row) => `secret without its values: ${row}`),
      ...(pair.values().length > 1 ? ["of two documents that were applied together one is newer"] : []),
    ];
  });
}

/** How often the audit log tells of each change: `create secrets/a` → times. */
export function changesTold(dataDir: string): Map<string, number> {
  return reading(dataDir, (db) => {
    const rows = db
      .query("SELECT action || ' ' || resource, count(*) FROM audit_events WHERE kind = 'change' GROUP BY 1")
      .values() as [string, number][];
    return new Map(rows);
  });
}

/** How many calls of tools the audit log tells of. */
export const callsTold = (dataDir: string): number =>
  reading(dataDir, (db) => Number(db.query("SELECT count(*) FROM audit_events WHERE kind = 'call'").values()[0]?.[0]));

function reading<T>(dataDir: string, work: (db: Database) => T): T {
  const db = new Database(join(dataDir, "mcpctl.db"), { readonly: true });
  try {
    db.run("PRAGMA busy_timeout = 1000");
    return work(db);
  } finally {
    db.close();
  }
}

/** Holds the database as another process would. */
export async function heldFor(dataDir: string, ms: number): Promise<void> {
  const db = new Database(join(dataDir, "mcpctl.db"));
  db.run("PRAGMA busy_timeout = 5000");
  db.run("BEGIN EXCLUSIVE");
  await Bun.sleep(ms);
  db.run("ROLLBACK");
  db.close();
}
