import { SQLiteError, Database as Sqlite } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";

/**
 * Holds a file for this process alone, or answers undefined when another process holds it. The operating system lets go of it however the
 * process ends, which a file with a pid in it cannot promise.
 */
export function holdExclusively(path: string): { release: () => void } | undefined {
  closeSync(openSync(path, "a", 0o600));
  const db = new Sqlite(path, { create: true });
  try {
    db.run("PRAGMA busy_timeout = 0");
    db.run("BEGIN EXCLUSIVE");
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (error instanceof SQLiteError && String(error.code).startsWith("SQLITE_BUSY")) return undefined;
    throw error;
  }
}
