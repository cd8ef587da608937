import { turn } from "../../lib/wait.ts";
import type { Database, Op } from "../../storage/op.ts";

/** So many rows are written in a few milliseconds. */
export const rowsAtOnce = 100;

/**
 * Writes many rows in several transactions, with a turn of the event loop between: ten thousand in one would stop everybody for a second. Whoever
 * uses it must be able to go on after a crash in the middle.
 */
export async function writeInTurns<T>(db: Database, rows: readonly T[], write: (row: T) => Op<void>): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    if (start > 0) await turn();
    const some = rows.slice(start, start + rowsAtOnce);
    await db.write(function* () {
      for (const row of some) yield* write(row);
    });
  }
}
