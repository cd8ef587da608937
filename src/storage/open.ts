import { Problem } from "../lib/problem.ts";
import { migrate } from "./migrate.ts";
import type { Database } from "./op.ts";
import { type OnSlow, openSqlite } from "./sqlite.ts";

/**
 * Opens the database of a URL, brought up to date. `sqlite:PATH`, or `sqlite::memory:` in tests.
 * @throws Problem `invalid` for an engine we do not have, `unavailable` when it cannot be opened or is newer than this program
 */
export function openDatabase(url: string, onSlow?: OnSlow): Database {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined) {
    throw new Problem("invalid", "This version keeps its data in SQLite only", {
      hint: "give --database sqlite:/path/to/mcpctl.db, or leave it out",
    });
  }
  const db = openSqlite(path, onSlow);
  try {
    migrate(db, path);
    // From now on others have work to do meanwhile: waiting is done between transactions and not within SQLite.
    db.raw.run("PRAGMA busy_timeout = 0");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
