import { afterEach, expect, test } from "bun:test";
import { createReadiness } from "../../src/server/readiness.ts";
import { openDatabase } from "../../src/storage/open.ts";
import type { SqliteDatabase } from "../../src/storage/sqlite.ts";
import { fixture, world } from "../world.ts";

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A database that can be told to take no writes, and a clock that is moved. */
function readiness() {
  const db = openDatabase("sqlite::memory:") as SqliteDatabase;
  closers.push(() => db.close());
  const at = { now: 1_000_000, isStopping: false };
  let reads = 0;
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  const ready = createReadiness({
    db,
    clock: { now: () => at.now },
    log,
    isStopping: () => at.isStopping,
    servers: async () => {
      reads++;
      return { wanted: 5, running: 3 };
    },
  });
  return { ready, db, at, said, reads: () => reads };
}

test("servers that do not run are told of, and take nothing out of service", async () => {
  const { ready } = readiness();
  expect(await ready()).toEqual({
    status: "ready",
    checks: { requests: "taken", database: "ok", servers: "3 of 5 run" },
  });
});

test("a database that takes no writes, or no reads, is not ready; it is again when it does", async () => {
  const { ready, db, at, said } = readiness();
  db.raw.run("PRAGMA query_only = ON");
  expect((await ready()).status).toBe("ready");
  at.now += 10_000;
  expect(await ready()).toMatchObject({ status: "unavailable", checks: { database: "cannot be written" } });
  at.now += 1_000;
  expect((await ready()).status).toBe("unavailable");
  db.raw.run("PRAGMA query_only = OFF");
  at.now += 1_000;
  expect((await ready()).status).toBe("ready");
  // While all is well the disk is not asked that often.
  db.raw.run("PRAGMA query_only = ON");
  at.now += 9_000;
  expect((await ready()).status).toBe("ready");
  db.raw.run("PRAGMA query_only = OFF");
  expect(said).toEqual(["the database cannot be written", "the database can be written again"]);
  db.raw.run("ALTER TABLE meta RENAME TO elsewhere");
  at.now += 1_000;
  expect((await ready()).checks.database).toBe("cannot be read");
  at.now += 1_000;
  await ready();
  expect(said.slice(2)).toEqual(["the database cannot be read"]);
});

test("whoever asks often costs no more than whoever asks once a second", async () => {
  const { ready, at, reads } = readiness();
  await Promise.all(Array.from({ length: 50 }, ready));
  at.now += 999;
  await ready();
  expect(reads()).toBe(1);
});

test("while it stops nothing else counts, and at once", async () => {
  const { ready, at } = readiness();
  await ready();
  at.isStopping = true;
  expect(await ready()).toMatchObject({ status: "stopping", checks: { requests: "refused" } });
});

test("anybody is told counts, and no names; the command line makes an exit code of it", async () => {
  await using w = await world();
  await w.must("POST", "/api/v1/servers", { name: "secret-name", command: ["/nowhere/at/all"] });
  await w.must("POST", "/api/v1/servers", { name: "runs", command: fixture() });
  await w.until("one runs", w.isRunning("runs"));
  w.advance(1_000);
  const ready = await w.api("GET", "/readyz", undefined, "");
  expect(ready.json).toEqual({
    status: "ready",
    checks: { requests: "taken", database: "ok", servers: "1 of 2 run" },
  });
  expect((await w.cli(["status", "--health"])).code).toBe(0);
  w.rooms.stopping();
  expect((await w.api("GET", "/readyz", undefined, "")).status).toBe(503);
  expect((await w.cli(["status", "--health"])).code).toBe(8);
  expect((await w.api("GET", "/healthz", undefined, "")).status).toBe(200);
});
