import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDurations } from "../src/lib/durations.ts";
import { callRecorder } from "../src/server/note.ts";
import { auditSessions, queryAudit } from "../src/storage/audit-query.ts";
import type { Op } from "../src/storage/op.ts";
import { openDatabase } from "../src/storage/open.ts";
import { openSqlite } from "../src/storage/sqlite.ts";
import { auditIn, callOf } from "./audit-calls.ts";
import { quantile } from "./slopes.ts";

/**
 * What becomes of the audit log as it grows: space, time to write, time of the usual questions, at two sizes; and what that makes at 1, 10 and
 * 100 million events, if it goes on so.
 *   bun bench/audit-growth.ts [FEWER] [MORE]
 */
const [fewer = 100_000, more = 400_000] = process.argv.slice(2).map(Number);
/** A busy day has so many. */
const perSecond = 10;
const folder = mkdtempSync(join(tmpdir(), "mcpctl-audit-growth-"));
const path = join(folder, "a.db");
openDatabase(`sqlite:${path}`).close();
const db = openSqlite(path);
let at = Date.UTC(2026, 0, 1);
const audit = auditIn(db, () => at);
const record = callRecorder(audit, createDurations(), { now: () => at });
const hourMs = 3_600_000;

const questions: Record<string, () => Op<unknown>> = {
  "newest 50": () => queryAudit({}, { limit: 50 }),
  "newest 50 of a project": () => queryAudit({ project: "project-1" }, { limit: 50 }),
  "newest 50 of a tool and a token": () => queryAudit({ tool: "tool_7", tokenName: "t7" }, { limit: 50 }),
  "all of a tool that is seldom used": () => queryAudit({ tool: "seldom" }, { limit: 50 }),
  "50 failures": () => queryAudit({ outcome: "error" }, { limit: 50 }),
  "50 of a server, an hour ago": () => queryAudit({ server: "server-3", until: at - hourMs }, { limit: 50 }),
  "sessions of the last hour": () => auditSessions({ since: at - hourMs }, 100),
  "sessions of a project since the beginning": () => auditSessions({ project: "project-1" }, 100),
  "sessions since the beginning": () => auditSessions({}, 100),
};

let written = 0;
async function grow(to: number): Promise<number> {
  const times: number[] = [];
  while (written < to) {
    const begun = performance.now();
    for (let n = 0; n < 10_000; n++) {
      at += 1_000 / perSecond;
      record(callOf(written++));
      if (n % 500 === 499) await audit.flush();
    }
    times.push(performance.now() - begun);
  }
  return quantile(times, 0.5);
}

async function measured(to: number): Promise<Record<string, number>> {
  const writing = await grow(to);
  db.raw.run("PRAGMA wal_checkpoint(TRUNCATE)");
  const rows: Record<string, number> = { "MB on disk": statSync(path).size / 1e6, "ms to write 10,000": writing };
  for (const [name, question] of Object.entries(questions)) {
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      const begun = performance.now();
      await db.read(question);
      times.push(performance.now() - begun);
    }
    // Others are at work on the machine: the quickest was held up least.
    rows[`ms: ${name}`] = Math.min(...times);
  }
  return rows;
}

const [small, large] = [await measured(fewer), await measured(more)];
const told = (value: number) => value.toFixed(value < 10 ? 2 : 0).padStart(9);
const at1 = [1e6, 1e7, 1e8];
console.log(["".padEnd(46), ...[fewer, more, ...at1].map((size) => `${size / 1e6}M`.padStart(9))].join(" "));
for (const [name, first] of Object.entries(small)) {
  const second = large[name] ?? 0;
  const slope = Math.max(0, second - first) / (more - fewer);
  console.log(
    [name.padEnd(46), ...[first, second, ...at1.map((size) => second + slope * (size - more))].map(told)].join(" "),
  );
}
await audit.close();
db.close();
rmSync(folder, { recursive: true });
