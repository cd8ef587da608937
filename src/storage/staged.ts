import { rmSync } from "node:fs";
import { migrate } from "./migrate.ts";
import type { Op, Snapshot } from "./op.ts";
import { openSqlite } from "./sqlite.ts";

/** A database of its own, beside ours, into which what is to be restored is read before anything of it is believed. */
export type Staged = Snapshot & {
  /** Once all rows are in: to the schema of this program, by the same steps as a database in use. */
  upgrade: () => void;
  /** Several operations in one go. */
  fill: (operation: () => Op<void>) => Promise<void>;
};

/** With the schema that the rows were written with. What was at the path is gone, and `close` takes this away too. */
export function openStaged(path: string, schema: number): Staged {
  const remove = () => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  };
  remove();
  const db = openSqlite(path);
  // Nobody misses it after a crash; and rows may come before those that they refer to, which is looked at in the end.
  for (const pragma of ["synchronous = OFF", "foreign_keys = OFF"]) db.raw.run(`PRAGMA ${pragma}`);
  migrate(db, path, schema);
  return {
    now: db.now,
    fill: (operation) => db.write(operation),
    upgrade: () => migrate(db, ":memory:"),
    close: () => {
      db.close();
      remove();
    },
  };
}
