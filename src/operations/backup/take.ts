import { version } from "../../lib/version.ts";
import { backupTables, countRows, rowsAfter, schemaVersion, type Table } from "../../storage/backup.ts";
import type { Op, Row, Snapshot } from "../../storage/op.ts";
import { type Entry, formatVersion, type Header } from "./format.ts";

export type Kept = {
  keys: Header["keys"];
  /** The values of a secret, by its row. @throws Problem `internal` when its row was tampered with */
  valuesOf: (row: Row) => Op<Record<string, string>>;
};

/** What one state of an instance comes to as a backup: its header, and its rows in batches, each read when it is asked for. */
export function taken(snapshot: Snapshot, { keys, valuesOf }: Kept, withAudit: boolean, now: number) {
  const tables: Table[] = backupTables.filter((table: Table) => withAudit || table.isAudit !== true);
  const header: Header = {
    mcpctl: "backup",
    format: formatVersion,
    version,
    schema: schemaVersion,
    createdAt: new Date(now).toISOString(),
    counts: snapshot.now(function* () {
      const counts: Record<string, number> = {};
      for (const table of tables) counts[table.name] = yield* countRows(table);
      return counts;
    }),
    keys,
  };

  function* entries(): Generator<Entry[]> {
    for (const table of tables) {
      let last: Row | undefined;
      for (;;) {
        const rows = snapshot.now(() => rowsAfter(table, last));
        if (rows.length === 0) break;
        last = rows.at(-1);
        yield rows.map((row) => entryOf(table, row));
      }
    }
  }

  function entryOf({ name }: Table, row: Row): Entry {
    if (name !== "secret_values") return { table: name, row };
    const { secret_id = null, version: of = null } = row;
    return { table: name, row: { secret_id, version: of, data: snapshot.now(() => valuesOf(row)) } };
  }

  return { header, entries: entries() };
}
