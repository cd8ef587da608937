import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAudit } from "../../src/operations/audit.ts";
import { masterKey } from "../../src/secrets/master-key.ts";
import { setMeta } from "../../src/storage/meta.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { envWith } from "../env.ts";
import { silentLog } from "../log.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
let token: string;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["local"] });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "vllm", project: "demo" })).token;
  await w.until("it runs", w.isRunning("local"));
  for (const name of ["local__echo", "local__fail", "local__nowhere"])
    await w.rpc(token, "tools/call", { name, arguments: { text: "hi" } });
  await w.api("GET", "/api/v1/servers", undefined, token);
});
afterAll(() => w.close());

const ok = async (...words: string[]) => {
  const { code, out, err } = await w.cli(words);
  expect([words.join(" "), code, err]).toEqual([words.join(" "), 0, ""]);
  return out;
};

describe("audit events", () => {
  test("a table, newest at the bottom", async () => {
    const [head, ...lines] = (await ok("audit", "events", "--token-name", "vllm")).split("\n");
    expect(head).toMatch(/^TIME +KIND +OUTCOME +WHO +TOKEN +PROJECT +WHAT +MS +DETAIL$/);
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ +/;
    expect(lines.map((line) => line.replace(time, "").replace(/ +\d+$/, ""))).toEqual([
      expect.stringMatching(/^call +ok +admin@localhost +vllm +demo +local\/echo$/),
      expect.stringMatching(/^call +error +admin@localhost +vllm +demo +local\/fail$/),
      expect.stringMatching(/^call +error +admin@localhost +vllm +demo +tools\/call local__nowhere$/),
      expect.stringMatching(/^refused .* vllm +demo +role:view,resource:servers +method=GET path=\S+ status=403$/),
    ]);
    const columns = [head ?? "", ...lines].map((line) =>
      line.indexOf(line === head ? "KIND" : (line.split(/ +/)[1] ?? "")),
    );
    expect(new Set(columns).size).toBe(1);
  });

  test("filters narrow, -o json is one document, nothing found is said beside the output", async () => {
    const { kind, items } = JSON.parse(await ok("audit", "events", "--tool", "echo", "-p", "demo", "-o", "json"));
    expect([kind, items]).toEqual(["List", [expect.objectContaining({ tool: "echo", project: "demo" })]]);
    expect((await ok("audit", "events", "--outcome", "error", "--limit", "1")).split("\n")).toHaveLength(2);
    const none = await w.cli(["audit", "events", "--tool", "nothing", "--since", "1h"]);
    expect([none.code, none.out, none.err]).toEqual([0, "", "No events found."]);
  });

  test("what makes no sense is refused with a next step", async () => {
    expect(await w.cli(["audit", "events", "--outcome", "good"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("ok, refused, error"),
    });
    expect((await w.cli(["audit", "events", "--limit", "none"])).code).toBe(2);
    expect((await w.cli(["audit", "events", "--usr", "x"])).err).toContain('Did you mean "--user"?');
    expect((await w.cli(["audit", "events", "--token", token])).code).toBe(5);
  });

  test("-f prints what matches as it comes, and ends with the server", async () => {
    for (const format of ["table", "json"]) {
      const other = await world();
      const lines: string[] = [];
      const running = follow(other, format, lines);
      const note = (tool: string) =>
        other.rooms.audit.note({
          at: 0,
          kind: "call",
          outcome: "ok",
          actor: { subject: "User:a", user: "a" },
          server: "s",
          tool,
        });
      note("one");
      note("other");
      await other.until("the first is there", () => lines.join("").includes("one"));
      note("one");
      await other.until("the second is there", () => lines.filter((line) => line.includes("one")).length === 2);
      other.rooms.stopping();
      expect(await running).toBe(0);
      expect(lines.join("\n")).not.toContain("other");
      if (format === "json") expect(lines.map((line) => JSON.parse(line).tool)).toEqual(["one", "one"]);
      else expect(lines[0]).toStartWith("TIME ");
      await other.close();
    }
  });

  async function follow(other: World, format: string, lines: string[]) {
    const { run } = await import("../../src/cli/run.ts");
    return await run(
      ["audit", "events", "-f", "--tool", "one", "-o", format, "--url", other.url, "--token", other.admin],
      envWith({
        out: (text) => void lines.push(text),
        err: (text) => void lines.push(text),
        home: other.home,
        fetch: other.fetch,
      }),
    );
  }
});

test("audit sessions: who was there", async () => {
  const [head, ...lines] = (await ok("audit", "sessions", "-p", "demo")).split("\n");
  expect(head).toMatch(/^LAST +FIRST +WHO +TOKEN +PROJECT +EVENTS +CALLS +ERRORS +REFUSALS$/);
  expect(lines).toEqual([
    expect.stringMatching(/ admin@localhost +vllm +demo +5 +3 +2 +2$/),
    // The administrator's own login: the project and the token were made.
    expect.stringMatching(/ admin@localhost +demo +2 +0 +0 +0$/),
  ]);
  expect(JSON.parse(await ok("audit", "sessions", "-o", "json")).items.length).toBeGreaterThan(0);
});

describe("audit verify", () => {
  const key = masterKey(Buffer.alloc(32, 3));

  /** A database of 20 events as a server leaves it, with its key beside it; kept open, so that its write-ahead log stays. */
  async function lived(name: string) {
    const folder = join(w.home, name);
    mkdirSync(folder);
    const file = join(folder, "mcpctl.db");
    writeFileSync(join(folder, "master.key"), "03".repeat(32), { mode: 0o600 });
    const db = openDatabase(`sqlite:${file}`);
    const log = silentLog;
    const audit = createAudit({
      db,
      clock: { now: () => 1_000 },
      log,
      key: key.derive("audit"),
      fingerprintKey: key.derive("fingerprint"),
      retentionDays: 0,
    });
    await db.write(() => setMeta("master-key", key.id));
    await db.write(() =>
      audit.append(
        Array.from({ length: 20 }, (_, n) => ({
          at: n,
          kind: "call" as const,
          outcome: "ok" as const,
          actor: { subject: "User:a" },
          tool: `t${n}`,
        })),
      ),
    );
    await audit.close();
    return { folder, file, db };
  }
  function tamper(file: string, statement: string) {
    const raw = new Database(file);
    for (const trigger of ["audit_events_unchanged", "audit_events_kept", "audit_heads_kept"])
      raw.run(`DROP TRIGGER ${trigger}`);
    raw.run(statement);
    raw.close();
  }
  const verify = (...words: string[]) => w.cli(["audit", "verify", ...words]);
  const intact = "20 events, chain intact, head signed at 1970-01-01T00:00:01.000Z (event 20)";

  test("a database in use, and each sort of copy; nothing of any of them is written", async () => {
    const { folder, file, db } = await lived("in-use");
    expect(await verify("--data-dir", folder)).toEqual({ code: 0, out: intact, err: "" });
    const withLog = join(folder, "with-log");
    mkdirSync(withLog);
    for (const end of ["", "-wal"]) copyFileSync(file + end, join(withLog, `copy.db${end}`));
    const vacuumed = join(folder, "vacuumed.db");
    const raw = new Database(file);
    raw.run("VACUUM INTO ?", [vacuumed]);
    raw.close();
    const keyFile = ["--master-key-file", join(folder, "master.key")];
    for (const copy of [join(withLog, "copy.db"), vacuumed]) {
      const before = readFileSync(copy);
      expect(await verify(copy, ...keyFile)).toEqual({ code: 0, out: intact, err: "" });
      expect(readFileSync(copy).equals(before)).toBe(true);
    }
    expect(readdirSync(withLog).toSorted()).toEqual(["copy.db", "copy.db-wal"]);
    expect(existsSync(`${vacuumed}-shm`)).toBe(false);
    db.close();
    const bare = join(folder, "bare.db");
    copyFileSync(file, bare);
    expect((await verify(bare, ...keyFile)).out).toBe(intact);
    expect(readdirSync(folder).filter((name) => name.startsWith("bare"))).toEqual(["bare.db"]);
  });

  test("a copy that was changed: the first broken event, exit 1", async () => {
    const { folder, file, db } = await lived("changed");
    db.close();
    for (const [statement, words] of [
      ["UPDATE audit_events SET tool = 't99' WHERE seq = 7", "broken at event 7: its content does not fit its hash"],
      ["UPDATE audit_events SET outcome = 'oK' WHERE seq IN (9, 12)", "broken at event 9: "],
      ["DELETE FROM audit_events WHERE seq = 5", "broken at event 5: it is missing: the next row is 6"],
      ["DELETE FROM audit_events WHERE seq > 15", "broken at event 16: it is missing: a head was signed at row 20"],
      ["DELETE FROM audit_heads", "broken at event 1: no head was ever signed"],
      [
        "DROP TRIGGER audit_heads_unchanged; UPDATE audit_heads SET at = 9000000000000000",
        "broken at event 20: its head was not signed with this key",
      ],
    ] as const) {
      const copy = join(folder, "copy.db");
      copyFileSync(file, copy);
      tamper(copy, statement);
      const { code, out } = await verify(copy);
      expect([statement, code, out]).toEqual([statement, 1, expect.stringContaining(words)]);
      expect(JSON.parse((await verify(copy, "-o", "json")).out)).toMatchObject({
        intact: false,
        seq: expect.any(Number),
      });
    }
  });

  test("without the key the chain alone is checked, and that is said; another key is refused", async () => {
    const { file, db, folder } = await lived("elsewhere");
    db.close();
    const alone = join(w.home, "alone");
    mkdirSync(alone);
    copyFileSync(file, join(alone, "copy.db"));
    const { code, out, err } = await verify(join(alone, "copy.db"));
    expect([code, out]).toEqual([0, intact]);
    expect(err).toContain("Signatures were not checked");
    writeFileSync(join(alone, "other.key"), "04".repeat(32), { mode: 0o600 });
    expect(await verify(file, "--master-key-file", join(alone, "other.key"))).toMatchObject({
      code: 8,
      err: expect.stringContaining("not the one this database was written with"),
    });
    expect(await verify(file, "--master-key-file", join(folder, "missing.key"))).toMatchObject({
      code: 8,
      err: expect.stringContaining("cannot be read"),
    });
  });

  test("what is no such file is told plainly", async () => {
    expect(await verify(join(w.home, "nowhere.db"))).toMatchObject({
      code: 6,
      err: expect.stringContaining("there is no database"),
    });
    const text = join(w.home, "text.db");
    writeFileSync(text, "this is no database".repeat(200));
    expect(await verify(text)).toMatchObject({
      code: 8,
      err: expect.stringContaining("is damaged or is no mcpctl database"),
    });
    const empty = join(w.home, "empty.db");
    new Database(empty).run("CREATE TABLE t (x)");
    expect(await verify(empty)).toMatchObject({ code: 8, err: expect.stringContaining("holds no audit log") });
  });
});
