import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../src/lib/id.ts";
import { Problem } from "../../src/lib/problem.ts";
import { holdExclusively } from "../../src/storage/lock.ts";
import { migrations } from "../../src/storage/migrations/index.ts";
import { sql } from "../../src/storage/op.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { listPins } from "../../src/storage/pins.ts";
import {
  findResource,
  insertResource,
  listResources,
  replaceResource,
  type StoredResource,
} from "../../src/storage/resources.ts";
import { openSqlite, type SqliteDatabase } from "../../src/storage/sqlite.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-storage-"));
afterAll(() => rmSync(folder, { recursive: true }));
const row = (name: string): StoredResource => ({
  id: newId(),
  kind: "server",
  name,
  version: 1,
  fields: { n: 1 },
  createdAt: 1,
  updatedAt: 1,
});
const codeOf = async (work: () => unknown) => {
  try {
    await work();
    return "no error";
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
};

test("a fault anywhere in an operation leaves nothing of it behind", async () => {
  const db = openDatabase("sqlite::memory:");
  for (const faultAfter of [0, 1, 2]) {
    const half = db.write(function* () {
      for (let step = 0; step < 3; step++) {
        if (step === faultAfter) throw new Error("fault");
        yield* insertResource(row(`r${step}`));
      }
    });
    expect(half).rejects.toThrow("fault");
    expect(await db.read(() => listResources("server"))).toEqual([]);
  }
});

test("what is written behind is seen by others at once and whole, and the next commit waits for the disk again", async () => {
  const path = join(folder, "behind.db");
  const db = openDatabase(`sqlite:${path}`) as SqliteDatabase;
  const levels: unknown[] = [];
  const level = () => levels.push(...db.raw.query("PRAGMA synchronous").values().flat());
  const add = (name: string, fault = false) =>
    function* () {
      level();
      yield* insertResource(row(name));
      if (fault) throw new Error("fault");
    };
  const written = db.writeBehind(add("a"));
  const other = openSqlite(path);
  expect((await other.read(() => listResources("server"))).map(({ name }) => name)).toEqual(["a"]);
  await written;
  expect(db.writeBehind(add("b", true))).rejects.toThrow("fault");
  await db.write(add("c"));
  expect((await other.read(() => listResources("server"))).map(({ name }) => name)).toEqual(["a", "c"]);
  expect(levels).toEqual([1, 1, 2]);
  other.close();
  db.close();
});

test("the revision tells of own commits at once, and of others' from the next turn of the event loop on", async () => {
  const path = join(folder, "revision.db");
  const db = openDatabase(`sqlite:${path}`);
  const other = openSqlite(path);
  const first = db.revision?.();
  await db.write(() => insertResource(row("a")));
  const second = db.revision?.();
  expect(second).not.toBe(first);
  await other.write(() => insertResource(row("b")));
  await new Promise((resolve) => setImmediate(resolve));
  const third = db.revision?.();
  expect(third).not.toBe(second);
  await new Promise((resolve) => setImmediate(resolve));
  expect(db.revision?.()).toBe(third);
  other.close();
  db.close();
});

test("a statement that holds everything up is told by its text, which has no values in it", async () => {
  const told: [string, number][] = [];
  const db = openDatabase("sqlite::memory:", (statement, ms) => told.push([statement, ms]));
  await db.read(function* () {
    yield sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL
      SELECT i + 1 FROM n WHERE i < ${3_000_000}) SELECT max(i), ${"planted"} FROM n`;
  });
  const [statement, ms] = told.find(([text]) => text.startsWith("WITH")) ?? [];
  expect(statement).toBe(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT max(i), ? FROM n",
  );
  expect(ms).toBeGreaterThanOrEqual(20);
});

test("a name is taken once, and writing over a newer version is refused", async () => {
  const db = openDatabase("sqlite::memory:");
  const first = row("a");
  await db.write(() => insertResource(first));
  expect(await codeOf(() => db.write(() => insertResource(row("a"))))).toBe("conflict");
  expect(await db.write(() => replaceResource({ ...first, version: 2 }, 1))).toBe(true);
  expect(await db.write(() => replaceResource({ ...first, version: 2 }, 1))).toBe(false);
  expect((await db.read(() => findResource("server", first.id)))?.version).toBe(2);
});

test("acknowledged writes are there when the file is opened again", async () => {
  const url = `sqlite:${join(folder, "again.db")}`;
  const db = openDatabase(url);
  await db.write(() => insertResource(row("kept")));
  db.close();
  const again = openDatabase(url);
  expect((await again.read(() => listResources("server"))).map(({ name }) => name)).toEqual(["kept"]);
  again.close();
});

test("a full disk is told, nothing of the write is there, and space lets it go on", async () => {
  const path = join(folder, "full.db");
  openDatabase(`sqlite:${path}`).close();
  const db = openSqlite(path);
  const { page_count: pages } = db.raw.query("PRAGMA page_count").get() as { page_count: number };
  db.raw.run(`PRAGMA max_page_count = ${pages + 1}`);
  const big = { ...row("big"), fields: { text: "x".repeat(50_000) } };
  const write = () => db.write(() => insertResource(big));
  expect(write()).rejects.toThrow("The disk of the database is full; nothing was changed");
  expect(await db.read(() => listResources("server"))).toEqual([]);
  db.raw.run("PRAGMA max_page_count = 10000");
  await write();
  expect(await db.read(() => listResources("server"))).toHaveLength(1);
  db.close();
});

test("tools that were pinned before definitions were stay approved after the upgrade", async () => {
  const path = join(folder, "pins.db");
  const { raw, close } = openSqlite(path);
  for (const text of migrations.slice(0, 3)) raw.run(text);
  raw.run("PRAGMA user_version = 3");
  raw.run("INSERT INTO resources VALUES ('s', 'server', 's', 1, '{}', 1, 1)");
  raw.run("INSERT INTO tool_pins VALUES ('s', 'f', 'look', 1)");
  close();
  const db = openDatabase(`sqlite:${path}`);
  expect(await db.read(listPins)).toMatchObject([
    { tool: "look", readOnly: true, variant: "", approvedHash: "", changeHash: null },
  ]);
  db.close();
});

test("a database from a newer version is refused and left as it is", async () => {
  const path = join(folder, "newer.db");
  openDatabase(`sqlite:${path}`).close();
  const raw = openSqlite(path);
  raw.raw.run("PRAGMA user_version = 999");
  raw.close();
  expect(() => openDatabase(`sqlite:${path}`)).toThrow("is of version 999");
  expect(readdirSync(folder).filter((name) => name.startsWith("newer") && name.endsWith(".bak"))).toEqual([]);
});

test("what is no database, and an engine we do not have, are told plainly", async () => {
  const path = join(folder, "text.db");
  await Bun.write(path, "this is no database at all, but long enough to look like one".repeat(50));
  expect(await codeOf(() => openDatabase(`sqlite:${path}`))).toBe("unavailable");
  expect(await codeOf(() => openDatabase("sqlite:/nowhere/at/all.db"))).toBe("unavailable");
  expect(await codeOf(() => openDatabase("postgres://localhost/x"))).toBe("invalid");
});

test("one process holds a folder; a second holder is refused until the first lets go", () => {
  const path = join(folder, "lock");
  const first = holdExclusively(path);
  expect(first).toBeDefined();
  expect(holdExclusively(path)).toBeUndefined();
  first?.release();
  const second = holdExclusively(path);
  expect(second).toBeDefined();
  second?.release();
});
