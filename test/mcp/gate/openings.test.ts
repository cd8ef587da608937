import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "../../../src/lib/id.ts";
import { createOpenings, type Place } from "../../../src/mcp/gate/openings.ts";
import type { Database } from "../../../src/storage/op.ts";
import { openDatabase } from "../../../src/storage/open.ts";
import { listOpenings } from "../../../src/storage/openings.ts";
import { deleteResource, insertResource } from "../../../src/storage/resources.ts";
import { logTo, silentLog } from "../../log.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-gate-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function setUp(path = ":memory:") {
  const db = openDatabase(`sqlite:${path}`);
  const time = { now: 1_000_000 };
  const clock = { now: () => time.now };
  const project = async (name: string) => {
    const id = newId();
    await db.write(() =>
      insertResource({ id, kind: "project", name, version: 1, fields: {}, createdAt: 1, updatedAt: 1 }),
    );
    return id;
  };
  const rows = async () => (await db.read(() => listOpenings(0, 100))).map(({ holder }) => holder).toSorted();
  return { db, time, clock, project, rows };
}
const session = (project: string, id: string, caller = "token"): Place => ({
  project,
  holders: [`${caller} ${id}`, caller],
});
const caller = (project: string, id = "token"): Place => ({ project, holders: [id] });

test("it opens once for a session and its caller, for their project alone, and closes after its time", async () => {
  const { db, time, clock, project } = await setUp();
  const [p, q] = [await project("p"), await project("q")];
  const openings = await createOpenings(db, clock, silentLog);
  expect([openings.open(session(p, "s1"), ["a"], 3600), openings.open(session(p, "s1"), ["b"], 3600)]).toEqual([
    true,
    false,
  ]);
  const places = [session(p, "s1"), session(p, "s2"), caller(p), caller(q), caller(p, "other")];
  expect(places.map(openings.isOpen)).toEqual([true, true, true, false, false]);
  expect(openings.tagsOf(session(p, "s2"))).toEqual(["a", "b"]);
  time.now += 3_599_000;
  // A second session that begins has its own hour; the first one's is not longer for it.
  expect(openings.open(session(p, "s2"), ["c"], 3600)).toBe(false);
  expect(openings.isOpen(session(p, "s1"))).toBe(true);
  time.now += 1_000;
  expect(places.map(openings.isOpen)).toEqual([false, true, false, false, false]);
  await openings.close();
  db.close();
});

test("what was delivered to one session of a caller was delivered to the next, until it is taken back", async () => {
  const { db, time, clock, project } = await setUp();
  const p = await project("p");
  const openings = await createOpenings(db, clock, silentLog);
  openings.open(session(p, "s1"), [], 3600);
  expect([openings.claim(session(p, "s1"), "style"), openings.claim(session(p, "s2"), "style")]).toEqual([true, false]);
  openings.release(session(p, "s1"), "style");
  expect(openings.claim(session(p, "s1"), "style")).toBe(true);
  time.now += 1_800_000;
  openings.open(session(p, "s2"), [], 3600);
  time.now += 1_800_000;
  expect([openings.isOpen(session(p, "s1")), openings.isOpen(session(p, "s2"))]).toEqual([false, true]);
  expect(openings.claim(session(p, "s2"), "style")).toBe(false);
  await openings.close();
  db.close();
});

test("a restart keeps it as it was, and lets go of what is over and of what was a deleted project's", async () => {
  const path = join(folder, "restart.db");
  const { db, time, clock, project, rows } = await setUp(path);
  const [p, q] = [await project("p"), await project("q")];
  const before = await createOpenings(db, clock, silentLog);
  const odd = "größe 配置 😀";
  before.open(session(p, "s1"), [odd], 3600);
  before.claim(session(p, "s1"), "style");
  before.open(caller(q), [], 60);
  before.open(caller(newId()), [], 60);
  await before.close();
  expect(await rows()).toEqual(["token", "token", "token s1"]);
  time.now += 120_000;
  const after = await createOpenings(db, clock, silentLog);
  expect([session(p, "s1"), session(p, "s2"), caller(q)].map(after.isOpen)).toEqual([true, true, false]);
  expect([after.tagsOf(caller(p)), after.claim(caller(p), "style")]).toEqual([[odd], false]);
  after.claim(caller(p), "more");
  await after.close();
  expect(await rows()).toEqual(["token", "token s1"]);
  await db.write(() => deleteResource(p));
  expect(await rows()).toEqual([]);
  db.close();
});

test("what cannot be written is open all the same, told of in the log, and written with the next change", async () => {
  const { db, clock, project, rows } = await setUp();
  const p = await project("p");
  const lines: string[] = [];
  let isBroken = true;
  const breaking: Database = {
    ...db,
    write: (operation) => (isBroken ? Promise.reject(new Error("disk full")) : db.write(operation)),
  };
  const openings = await createOpenings(
    breaking,
    clock,
    logTo((line) => void lines.push(line)),
  );
  openings.open(session(p, "s1"), [], 3600);
  await openings.close();
  expect([openings.isOpen(session(p, "s1")), await rows()]).toEqual([true, []]);
  expect(lines.join()).toContain("disk full");
  isBroken = false;
  openings.claim(caller(p), "style");
  await openings.close();
  expect(await rows()).toEqual(["token", "token s1"]);
  db.close();
});

test("who makes sessions without end closes nobody else's gate", async () => {
  const { db, clock, project, rows } = await setUp();
  const p = await project("p");
  const openings = await createOpenings(db, clock, silentLog, 10);
  openings.open(caller(p, "quiet"), [], 3600);
  for (let n = 0; n < 50; n++) openings.open(session(p, `s${n}`, "busy"), [], 3600);
  expect(openings.isOpen(caller(p, "quiet"))).toBe(true);
  expect(openings.isOpen(session(p, "s49", "busy"))).toBe(true);
  await openings.close();
  expect((await rows()).length).toBeLessThanOrEqual(10);
  db.close();
});
