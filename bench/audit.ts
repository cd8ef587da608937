import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createDurations } from "../src/lib/durations.ts";
import type { Admission } from "../src/mcp/visit.ts";
import { createAudit } from "../src/operations/audit.ts";
import { callRecorder } from "../src/server/note.ts";
import { openDatabase } from "../src/storage/open.ts";

/**
 * What one call costs in the audit log: the CPU of the whole process from the note to the disk, and how long a flush held the event loop.
 *   bun bench/audit.ts [EVENTS] [PER_SECOND]
 */
const [events = 100_000, perSecond = 5_000] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "mcpctl-audit-bench-"));
const db = openDatabase(`sqlite:${join(folder, "a.db")}`);
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: console.error, error: console.error };
const clock = { now: () => Date.now() };
const key = Buffer.alloc(32, 1);
const audit = createAudit({ db, clock, log, key, fingerprintKey: key, retentionDays: 0 });
const record = callRecorder(audit, createDurations(), clock);
const admissions = Array.from({ length: 32 }, (_, n) => {
  const sha = Bun.hash(String(n)).toString(16).padStart(16, "0");
  const actor = { subject: `McpToken:${sha}`, user: `user${n % 8}@example.com`, tokenName: `t${n}`, tokenSha: sha };
  return { actor, address: `10.0.0.${n}`, project: { name: `project-${n % 4}`, fields: {} } } as unknown as Admission;
});

const note = (n: number) =>
  record({
    admission: admissions[n % 32] as Admission,
    action: "tools/call",
    server: `server-${n % 10}`,
    tool: `tool_${n % 50}`,
    resource: undefined,
    outcome: "ok",
    durationMs: 1 + (n % 90) / 7,
    requestBytes: 60 + (n % 50),
    responseBytes: 200 + (n % 500),
    argumentsText: undefined,
  });

async function round(count: number): Promise<{ us: number; noteUs: number; blockedMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  let noting = 0;
  const perTurn = Math.max(1, Math.round(perSecond / 200));
  const idle = process.cpuUsage();
  await Bun.sleep(1_000);
  const ofIdle = process.cpuUsage(idle);
  delay.reset();
  const begun = process.cpuUsage();
  const startedAt = performance.now();
  for (let n = 0; n < count; ) {
    const at = performance.now();
    for (let k = 0; k < perTurn && n < count; k++) note(n++);
    noting += performance.now() - at;
    await Bun.sleep(4);
  }
  await audit.flush();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(begun);
  const us = (user + system - (ofIdle.user + ofIdle.system) * seconds) / count;
  return { us, noteUs: (noting * 1_000) / count, blockedMs: delay.max / 1e6 };
}

await round(5_000);
for (let n = 0; n < 3; n++) {
  const { us, noteUs, blockedMs } = await round(Math.round(events / 3));
  console.log(
    `${us.toFixed(1)} us CPU an event, ${noteUs.toFixed(2)} us of it before the answer; longest turn ${blockedMs.toFixed(1)} ms; ` +
      `lost ${audit.waiting().dropped}; ${(statSync(join(folder, "a.db")).size / 1e6).toFixed(1)} MB`,
  );
}
await audit.close();
db.close();
rmSync(folder, { recursive: true });
