import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDurations } from "../src/lib/durations.ts";
import { callRecorder } from "../src/server/note.ts";
import type { Database, Op } from "../src/storage/op.ts";
import { openDatabase } from "../src/storage/open.ts";
import { auditIn, callOf } from "./audit-calls.ts";
import { quantile } from "./slopes.ts";

/**
 * What a call costs in the audit log: CPU of the whole process from the note to the disk, and for how long writing a batch held the event loop.
 *   bun bench/audit.ts [EVENTS] [BATCH ...]
 */
const [events = 50_000, ...batches] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "mcpctl-audit-bench-"));
const db = openDatabase(`sqlite:${join(folder, "a.db")}`);
const held: number[] = [];
const timed: Database = {
  ...db,
  // What is done before the promise is there is done in one turn.
  writeBehind<T>(operation: () => Op<T>): Promise<T> {
    const begun = performance.now();
    const writing = db.writeBehind(operation);
    held.push(performance.now() - begun);
    return writing;
  },
};
const audit = auditIn(timed, Date.now);
const record = callRecorder(audit, createDurations(), { now: Date.now });

const cpuUs = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

async function round(count: number, batch: number): Promise<string> {
  held.length = 0;
  let noting = 0;
  const begun = cpuUs();
  for (let n = 0; n < count; ) {
    const before = cpuUs();
    for (const end = n + batch; n < end; n++) record(callOf(n));
    noting += cpuUs() - before;
    await audit.flush();
  }
  const us = (spent: number) => (spent / count).toFixed(2).padStart(6);
  const heldMs = [0.5, 0.99].map((q) => quantile(held, q).toFixed(1)).join(" and ");
  return `${String(batch).padStart(5)} at once: ${us(cpuUs() - begun)} us CPU an event, ${us(noting)} of it before the answer; the loop held ${heldMs} ms (p50, p99)`;
}

await round(20_000, 1_000);
for (const batch of batches.length > 0 ? batches : [20, 100, 500, 1_000, 2_000])
  console.log(await round(events, batch));
await audit.close();
db.close();
rmSync(folder, { recursive: true });
