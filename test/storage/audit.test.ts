import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintBearer } from "../../src/auth/bearer.ts";
import { createAudit } from "../../src/operations/audit.ts";
import { verifyAudit } from "../../src/operations/audit-verify.ts";
import type { AuditEntry } from "../../src/resources/audit.ts";
import { auditAnchor, auditHeads, auditRowsAfter } from "../../src/storage/audit.ts";
import { blockOf } from "../../src/storage/audit-blocks.ts";
import { type AuditFilter, auditSessions, queryAudit } from "../../src/storage/audit-query.ts";
import { getMeta, setMeta } from "../../src/storage/meta.ts";
import { migrations } from "../../src/storage/migrations/index.ts";
import type { Op, Statement } from "../../src/storage/op.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { openSqlite, type SqliteDatabase } from "../../src/storage/sqlite.ts";
import { logTo } from "../log.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const key = Buffer.alloc(32, 1);
const dayMs = 86_400_000;

function auditIn(db: SqliteDatabase, retentionDays = 0) {
  const clock = { at: 1_000, now: () => clock.at };
  const lines: string[] = [];
  const log = logTo((line) => void lines.push(line), clock.now);
  const audit = createAudit({ db, clock, log, key, fingerprintKey: key, retentionDays });
  return { audit, clock, lines };
}
const inMemory = () => openDatabase("sqlite::memory:") as SqliteDatabase;
const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  at: n,
  kind: "call",
  outcome: "ok",
  actor: { subject: "User:ann@example.com", user: "ann@example.com" },
  tool: `t${n}`,
  ...more,
});
const all = (db: SqliteDatabase) => db.read(() => auditRowsAfter(0, 10_000));
const verdict = (db: SqliteDatabase, withKey: Buffer | undefined = key) => db.read(() => verifyAudit(withKey));

test("a change and its record: both or neither", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const change = (fault: boolean) =>
    db.write(function* () {
      yield* setMeta("x", "changed");
      yield* audit.append([entry(1)]);
      if (fault) throw new Error("fault");
    });
  expect(change(true)).rejects.toThrow("fault");
  expect([await db.read(() => getMeta("x")), await all(db)]).toEqual([undefined, []]);
  await change(false);
  expect([await db.read(() => getMeta("x")), (await all(db)).length]).toEqual(["changed", 1]);
});

test("where events are found is told again when the transaction that told it was rolled back", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const by = (user: string) => Array.from({ length: 60 }, (_, n) => entry(n, { actor: { subject: "", user } }));
  const found = async (user: string) => (await db.read(() => queryAudit({ user }, { limit: 1_000 }))).length;
  await db.write(() => audit.append(by("ann")));
  const failed = db.write(function* () {
    yield* audit.append(by("ben"));
    throw new Error("fault");
  });
  expect(failed).rejects.toThrow("fault");
  await db.write(() => audit.append(by("ben")));
  await db.write(() => audit.append(by("ann")));
  expect([await found("ann"), await found("ben")]).toEqual([120, 60]);
});

/** Fails where an operation is about to do something for the nth time. */
function* failingAt(operation: Op<void>, words: string, nth: number): Op<void> {
  let left = nth;
  for (let step = operation.next(); step.done !== true; step = operation.next(yield step.value))
    if (step.value.parts[0]?.includes(words) === true && --left === 0) operation.throw(new Error("fault"));
}

test("where events are found is told again when telling it failed halfway", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const found = async (user: string) => (await db.read(() => queryAudit({ user }, { limit: 1_000 }))).length;
  const by = (user: string) => [entry(1, { actor: { subject: "", user } })];
  await db.write(() => audit.append(by("ann")));
  const failed = db.write(() => failingAt(audit.append(by("ben")), "INTO audit_blocks", 1));
  expect(failed).rejects.toThrow("fault");
  await failed.catch(() => {});
  await db.write(() => audit.append(by("ben")));
  expect([await found("ann"), await found("ben")]).toEqual([1, 1]);
});

test("two roads, one chain: what is noted and what is appended never fork it", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const work: Promise<unknown>[] = [];
  for (let n = 1; n <= 50; n++) {
    audit.note(entry(n));
    if (n % 5 === 0)
      work.push(
        audit.flush(),
        db.write(() => audit.append([entry(1_000 + n)])),
      );
  }
  await Promise.all(work);
  await audit.flush();
  expect(await verdict(db)).toMatchObject({ events: 60, broken: undefined });
  expect((await all(db)).filter(({ at }) => at <= 50).map(({ at }) => at)).toEqual(
    Array.from({ length: 50 }, (_, n) => n + 1),
  );
});

test("odd texts come back as they went in, and the chain with them", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const odd = [
    mintBearer("token"),
    "\0",
    "a\ud800b",
    "\ufffd",
    "\u2028",
    "😀".repeat(400),
    "x".repeat(100_000),
    "'\"--",
  ];
  await db.write(() => audit.append(odd.map((text, n) => entry(n, { tool: text, detail: { [text]: text } }))));
  expect((await verdict(db)).broken).toBeUndefined();
  expect(JSON.stringify(await all(db))).not.toMatch(/mcpctl_pat_\w{6}/);
  expect(JSON.stringify(await all(db))).not.toContain("\ufffd");
  for (const row of await all(db)) {
    expect(row.tool?.length).toBeLessThanOrEqual(512);
    expect(row.detail?.length).toBeLessThanOrEqual(16 * 1024 + 64);
    expect(() => JSON.parse(row.detail ?? "")).not.toThrow();
  }
});

test("rows are appended and nothing else; the database itself refuses all other writing", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  await db.write(() => audit.append([entry(1), entry(2), entry(3)]));
  for (const attack of [
    "UPDATE audit_events SET tool = 'x' WHERE seq = 2",
    "DELETE FROM audit_events WHERE seq = 1",
    "DELETE FROM audit_events",
    "INSERT INTO audit_events (seq, at, kind, outcome, subject, hash) VALUES (9, 1, 'call', 'ok', '', '')",
    "INSERT OR REPLACE INTO audit_events (seq, at, kind, outcome, subject, hash) VALUES (2, 1, 'call', 'ok', '', '')",
    "UPDATE audit_anchor SET seq = 0",
    "DELETE FROM audit_anchor",
    "UPDATE audit_heads SET hash = ''",
    "DELETE FROM audit_heads",
    "UPDATE audit_blocks SET block = 7",
    "DELETE FROM audit_blocks",
  ]) {
    expect(() => db.raw.run(attack)).toThrow(/audit|head|anchor/);
  }
  expect(await verdict(db)).toMatchObject({ events: 3, broken: undefined });
});

describe("whoever gets round the triggers", () => {
  const columns = ["at", "kind", "outcome", "subject", "user_name", "tool", "detail", "hash", "duration_ms"];

  async function tampered() {
    const db = inMemory();
    const { audit } = auditIn(db);
    const entries = Array.from({ length: 40 }, (_, n) => entry(n, { detail: { n, text: "é�" }, durationMs: n }));
    await db.write(() => audit.append(entries));
    for (const { name } of db.raw.query("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as {
      name: string;
    }[])
      db.raw.run(`DROP TRIGGER ${name}`);
    return db;
  }

  test("1,000 of 1,000 changes of one byte are found, each in its row, without the key", async () => {
    const db = await tampered();
    const seed = Number(process.env["SEED"] ?? Math.floor(performance.now() * 1_000));
    let state = seed;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    let found = 0;
    for (let round = 0; round < 1_000; round++) {
      const seq = 1 + random(40);
      const column = columns[random(columns.length)] ?? "at";
      const { value, hex } = db.raw
        .query(`SELECT ${column} AS value, hex(${column}) AS hex FROM audit_events WHERE seq = ?`)
        .get(seq) as { value: string | number; hex: string };
      if (typeof value === "number")
        db.raw.run(`UPDATE audit_events SET ${column} = ? WHERE seq = ?`, [value ^ (1 << random(20)), seq]);
      else {
        const bytes = Buffer.from(hex, "hex");
        const at = random(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 + random(255));
        db.raw.run(`UPDATE audit_events SET ${column} = CAST(x'${bytes.toString("hex")}' AS TEXT) WHERE seq = ?`, [
          seq,
        ]);
      }
      const broken = (await verdict(db, undefined)).broken;
      if (broken?.seq === seq) found++;
      if (typeof value === "number") db.raw.run(`UPDATE audit_events SET ${column} = ? WHERE seq = ?`, [value, seq]);
      else db.raw.run(`UPDATE audit_events SET ${column} = CAST(x'${hex}' AS TEXT) WHERE seq = ?`, [seq]);
    }
    expect([seed, found]).toEqual([seed, 1_000]);
    expect((await verdict(db)).broken).toBeUndefined();
  });

  test("a row gone from the middle or the end, and one put before the beginning", async () => {
    for (const [attack, seq] of [
      ["DELETE FROM audit_events WHERE seq = 7", 7],
      ["DELETE FROM audit_events WHERE seq > 30", 31],
      ["DELETE FROM audit_anchor", undefined],
      [
        "INSERT INTO audit_events SELECT -5, at, kind, outcome, subject, user_name, token_name, token_sha, session_id, address, project, server, tool, action, resource, duration_ms, request_bytes, response_bytes, detail, hash FROM audit_events WHERE seq = 1",
        -5,
      ],
      ["DELETE FROM audit_heads", 1],
      ["DELETE FROM audit_events WHERE seq < 5; UPDATE audit_anchor SET seq = 4, hash = (SELECT 'x')", 4],
    ] as const) {
      const db = await tampered();
      db.raw.run(attack);
      expect([attack, (await verdict(db)).broken?.seq]).toEqual([attack, seq]);
    }
  });
});

test("retention takes away whole days from the beginning, in pieces, and the rest still verifies", async () => {
  const db = inMemory();
  const { audit, clock } = auditIn(db, 30);
  for (let day = 0; day < 40; day++) {
    clock.at = day * dayMs;
    await db.write(() => audit.append(Array.from({ length: 120 }, (_, n) => entry(day * dayMs + n))));
  }
  await audit.prune();
  const rows = await all(db);
  expect(rows[0]).toMatchObject({ seq: 9 * 120 + 1, at: 9 * dayMs });
  expect(await verdict(db)).toMatchObject({ events: 31 * 120, broken: undefined, prunedTo: 1_080 });
  expect((await db.read(auditHeads)).every(({ seq }) => seq >= 1_080)).toBe(true);
  expect(db.raw.query("SELECT min(block) FROM audit_blocks").values()).toEqual([[blockOf(1_081)]]);

  clock.at = 400 * dayMs;
  await audit.prune();
  expect(await all(db)).toEqual([]);
  expect(await verdict(db)).toMatchObject({ events: 0, broken: undefined });
  await db.write(() => audit.append([entry(clock.at)]));
  expect(await verdict(db)).toMatchObject({ events: 1, broken: undefined });
  expect((await all(db))[0]?.seq).toBe(40 * 120 + 1);
  expect((await db.read(auditAnchor)).seq).toBe(40 * 120);
});

test("what a crash left unsigned is signed before retention takes its head away", async () => {
  const db = inMemory();
  const { audit, clock } = auditIn(db, 30);
  for (let n = 0; n < 3; n++) await db.write(() => audit.append([entry(1_000)]));
  await db.write(() => audit.append([entry(50 * dayMs)]));
  clock.at = 60 * dayMs;
  await audit.prune();
  expect((await db.read(auditHeads)).map(({ seq }) => seq)).toEqual([4]);
  expect(await verdict(db)).toMatchObject({ events: 1, broken: undefined });
});

test("0 days keeps everything", async () => {
  const db = inMemory();
  const { audit, clock } = auditIn(db, 0);
  await db.write(() => audit.append([entry(1)]));
  clock.at = 10_000 * dayMs;
  await audit.prune();
  expect(await all(db)).toHaveLength(1);
});

test("heads are signed with the first event, then once an hour, and at the end", async () => {
  const db = inMemory();
  const { audit, clock, lines } = auditIn(db);
  const add = async () => {
    await db.write(() => audit.append([entry(clock.at)]));
    await Bun.sleep(2);
  };
  const undone = db.write(function* () {
    yield* audit.append([entry(1)]);
    throw new Error("fault");
  });
  expect(undone).rejects.toThrow("fault");
  await Bun.sleep(2);
  expect(lines).toEqual([]);
  const heads = async () => (await db.read(auditHeads)).map(({ seq }) => seq);
  await add();
  await add();
  expect(await heads()).toEqual([1]);
  clock.at += 3_600_000;
  await add();
  await add();
  expect(await heads()).toEqual([1, 3]);
  await audit.close();
  expect(await heads()).toEqual([1, 3, 4]);
  expect(lines.filter((line) => line.includes("audit log signed"))).toHaveLength(3);
});

test("a full disk: nothing is thrown, and what was noted is there once there is space", async () => {
  const path = join(folder, "full.db");
  openDatabase(`sqlite:${path}`).close();
  const db = openSqlite(path);
  const { audit } = auditIn(db);
  const { page_count: pages } = db.raw.query("PRAGMA page_count").get() as { page_count: number };
  db.raw.run(`PRAGMA max_page_count = ${pages}`);
  for (let n = 0; n < 300; n++) audit.note(entry(n, { detail: { text: "x".repeat(2_000) } }));
  await audit.flush();
  expect(await all(db)).toEqual([]);
  db.raw.run("PRAGMA max_page_count = 100000");
  await audit.flush();
  expect((await all(db)).map(({ at }) => at)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  expect((await verdict(db)).broken).toBeUndefined();
  db.close();
});

test("followers are told after the commit, of both roads; a rolled back one brings nothing", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  let told = 0;
  const stop = audit.follow(() => void told++);
  await db.write(function* () {
    yield* audit.append([entry(1)]);
    expect(told).toBe(0);
  });
  await Bun.sleep(5);
  expect(told).toBe(1);
  audit.note(entry(2));
  await audit.flush();
  await Bun.sleep(5);
  expect(told).toBe(2);
  stop();
  await db.write(() => audit.append([entry(3)]));
  await Bun.sleep(5);
  expect(told).toBe(2);
});

describe("questions", async () => {
  const db = inMemory();
  const { audit } = auditIn(db);
  const actors = [
    { subject: "User:ann@example.com", user: "ann@example.com", sessionId: "s1" },
    { subject: "McpToken:aa", user: "ann@example.com", tokenName: "vllm", tokenSha: "aa" },
    { subject: "McpToken:bb", user: "bob@example.com", tokenName: "vllm", tokenSha: "bb" },
    { subject: "" },
  ];
  const entries = Array.from(
    // Of three blocks.
    { length: 2_500 },
    (_, n): AuditEntry => ({
      at: n * 10,
      kind: n % 7 === 0 ? "refused" : "call",
      outcome: n % 7 === 0 ? "refused" : n % 5 === 0 ? "error" : "ok",
      actor: actors[n % 4] ?? { subject: "" },
      project: ["demo", "work", undefined][n % 3],
      server: n % 2 === 0 ? "files" : "web",
      tool: `t${n % 6}`,
    }),
  );
  await db.write(() => audit.append(entries));

  const told: [string, AuditFilter, (entry: AuditEntry) => boolean][] = [
    ["nothing", {}, () => true],
    ["user", { user: "ann@example.com" }, ({ actor }) => actor.user === "ann@example.com"],
    ["subject", { subject: "McpToken:bb" }, ({ actor }) => actor.subject === "McpToken:bb"],
    ["tokenName", { tokenName: "vllm" }, ({ actor }) => actor.tokenName === "vllm"],
    ["tokenSha", { tokenSha: "aa" }, ({ actor }) => actor.tokenSha === "aa"],
    ["project", { project: "demo" }, ({ project }) => project === "demo"],
    ["server", { server: "web" }, ({ server }) => server === "web"],
    ["tool", { tool: "t3" }, ({ tool }) => tool === "t3"],
    ["ok", { outcome: "ok" }, ({ outcome }) => outcome === "ok"],
    ["refused", { outcome: "refused" }, ({ outcome }) => outcome === "refused"],
    ["call", { kind: "call" }, ({ kind }) => kind === "call"],
    ["kind", { kind: "refused" }, ({ kind }) => kind === "refused"],
    ["since", { since: 500 }, ({ at }) => at >= 500],
    ["until", { until: 500 }, ({ at }) => at < 500],
    ["before all", { until: 0 }, () => false],
    ["after all", { since: 100_000 }, () => false],
    [
      "several",
      { user: "ann@example.com", project: "demo", outcome: "error", since: 100, until: 1_500 },
      ({ actor, project, outcome, at }) =>
        actor.user === "ann@example.com" && project === "demo" && outcome === "error" && at >= 100 && at < 1_500,
    ],
  ];
  test.each(told)("%s: the right events, both ways and in pages", async (_, filter, right) => {
    const expected = entries.flatMap((one, index) => (right(one) ? [index + 1] : []));
    const down: number[] = [];
    for (let before: number | undefined; ; before = down.at(-1)) {
      const page = await db.read(() => queryAudit(filter, { before, limit: 70 }));
      down.push(...page.map(({ seq }) => seq));
      if (page.length < 70) break;
    }
    expect(down).toEqual(expected.toReversed());
    const up: number[] = [];
    for (let after = 0; ; after = up.at(-1) ?? 0) {
      const page = await db.read(() => queryAudit(filter, { after, limit: 70 }));
      up.push(...page.map(({ seq }) => seq));
      if (page.length < 70) break;
    }
    expect(up).toEqual(expected);
  });

  test("what picks few rows finds them by an index, and a time is looked up in one", () => {
    const plan = (filter: AuditFilter) => {
      const { value } = queryAudit(filter, { limit: 1 }).next();
      const { parts, values } = value as Statement;
      const steps = db.raw.query(`EXPLAIN QUERY PLAN ${parts.join("?")}`).all(...values) as { detail: string }[];
      return steps.map(({ detail }) => detail).join();
    };
    // In order as they are found: nothing is sorted.
    for (const filter of [{ user: "x" }, { tokenSha: "x" }, { tool: "x" }, { project: "x" }])
      expect(plan(filter)).toMatch(
        /^SEARCH b USING PRIMARY KEY \(block=\? AND name=\? AND value=\?\)((?!B-TREE).)*,SEARCH e USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)$/,
      );
    for (const filter of [{ outcome: "error" }, { kind: "login" }])
      expect(plan(filter)).toMatch(/^SEARCH e USING INDEX audit_events_\w+ \(\w+=\? AND seq>\? AND seq<\?\)$/);
    for (const filter of [{ since: 5 }, { until: 5 }])
      expect(plan(filter)).toStartWith("SEARCH audit_events USING COVERING INDEX audit_events_at");
    expect(plan({})).toBe("SEARCH e USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
  });

  test("a log from before there were blocks is found by them too", () => {
    const old = openSqlite(":memory:");
    for (const step of migrations.slice(0, 9)) old.raw.run(step);
    const insert = old.raw.query(`INSERT INTO audit_events VALUES (${Array(20).fill("?").join()})`);
    for (const row of db.raw.query("SELECT * FROM audit_events").values()) insert.run(...(row as string[]));
    for (const step of migrations.slice(9)) old.raw.run(step);
    const blocks = (of: SqliteDatabase) => of.raw.query("SELECT * FROM audit_blocks ORDER BY 1, 2, 3").values();
    expect(blocks(old)).toEqual(blocks(db));
    expect(blocks(old).length).toBeGreaterThan(30);
  });

  test("who was there, with counts that add up", async () => {
    const sessions = await db.read(() => auditSessions({}, 100));
    const total = (name: "events" | "calls" | "refusals" | "errors") =>
      sessions.reduce((sum, one) => sum + one[name], 0);
    expect([total("events"), total("calls")]).toEqual([
      entries.length,
      entries.filter(({ kind }) => kind === "call").length,
    ]);
    const vllm = await db.read(() => auditSessions({ tokenSha: "aa", project: "demo" }, 100));
    const own = entries.filter(({ actor, project }) => actor.tokenSha === "aa" && project === "demo");
    expect(vllm).toMatchObject([
      {
        subject: "McpToken:aa",
        user: "ann@example.com",
        tokenName: "vllm",
        project: "demo",
        events: own.length,
        firstAt: own[0]?.at,
        lastAt: own.at(-1)?.at,
      },
    ]);
    expect(await db.read(() => auditSessions({}, 2))).toHaveLength(2);
    const failed = { ...entry(0), actor: { subject: "", user: "carol@example.com" } };
    const other = inMemory();
    await other.write(() => auditIn(other).audit.append([failed]));
    expect(await other.read(() => auditSessions({}, 2))).toMatchObject([{ subject: "", user: null, events: 1 }]);
  });
});
