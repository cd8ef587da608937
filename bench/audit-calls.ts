import type { CallRecord } from "../src/mcp/downstream/record.ts";
import type { Admission } from "../src/mcp/visit.ts";
import { type Audit, createAudit } from "../src/operations/audit.ts";
import type { Database } from "../src/storage/op.ts";

/** Calls as a small company makes them: 32 tokens of 8 people, 4 projects, 10 servers, 50 tools. */
const admissions = Array.from({ length: 32 }, (_, n) => {
  const sha = Bun.hash(String(n)).toString(16).padStart(16, "0");
  const actor = { subject: `McpToken:${sha}`, user: `user${n % 8}@example.com`, tokenName: `t${n}`, tokenSha: sha };
  return { actor, address: `10.0.0.${n}`, project: { name: `project-${n % 4}`, fields: {} } } as unknown as Admission;
});

export const callOf = (n: number): CallRecord => ({
  admission: admissions[n % 32] as Admission,
  action: "tools/call",
  server: `server-${n % 10}`,
  tool: n % 99_991 === 7 ? "seldom" : `tool_${n % 50}`,
  resource: undefined,
  outcome: n % 100 === 0 ? "error" : "ok",
  durationMs: 1 + (n % 90) / 7,
  requestBytes: 60 + (n % 50),
  responseBytes: 200 + (n % 500),
  argumentsText: undefined,
});

const key = Buffer.alloc(32, 1);
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: console.error, error: console.error };

export const auditIn = (db: Database, now: () => number): Audit =>
  createAudit({ db, clock: { now }, log, key, fingerprintKey: key, retentionDays: 0 });
