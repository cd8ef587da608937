import { expect, test } from "bun:test";
import { createCatalog } from "../../src/mcp/catalog/catalog.ts";
import type { Connections, ServerRef } from "../../src/mcp/upstream/connections.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { silentLog } from "../log.ts";

test("a list is as old as the asking: what changes while it is under way is asked for again", async () => {
  const waiting: ((tool: string) => void)[] = [];
  const upstream = {
    capabilities: { tools: {} },
    request: () =>
      new Promise((resolve) => {
        waiting.push((name) => resolve({ result: JSON.stringify({ tools: [{ name }] }) }));
      }),
  };
  const connections = { get: async () => upstream, sleeps: () => false, broken: () => {} } as unknown as Connections;
  let now = 1_000_000;
  const clock = { now: () => now };
  const log = silentLog;
  const db = openDatabase("sqlite::memory:");
  const catalog = await createCatalog(db, () => connections, clock, log, {
    *tell() {},
    changed: () => {},
    blotOf: () => (text) => text,
  });
  const server: ServerRef = {
    id: "s",
    name: "slow",
    version: 1,
    fields: { transport: "http", url: "http://127.0.0.1:9" },
  };
  const asked = async (times: number) => {
    for (const end = performance.now() + 2_000; waiting.length < times && performance.now() < end; ) await Bun.sleep(1);
    return waiting.length;
  };
  const known = async () => (await catalog.entriesOf([server]))[0]?.offer?.tools.map(({ key }) => key);

  const first = catalog.refresh(server);
  expect(await asked(1)).toBe(1);
  now += 61_000;
  waiting[0]?.("old");
  await first;
  expect(await known()).toEqual(["old"]);
  expect(await asked(2)).toBe(2);
  waiting[1]?.("new");
  await catalog.refresh(server);
  expect(await known()).toEqual(["new"]);

  const before = catalog.refresh(server);
  await asked(3);
  const anew = catalog.readAnew(server);
  waiting[2]?.("not yet");
  await before;
  expect(await asked(4)).toBe(4);
  waiting[3]?.("newest");
  await anew;
  expect(await known()).toEqual(["newest"]);
  db.close();
});

test("what one server does makes nothing new of the others, and what did not change is answered as it was", async () => {
  const listed = new Map([
    ["a", "one"],
    ["b", "one"],
  ]);
  const connections = {
    get: async ({ id }: ServerRef) => ({
      capabilities: { tools: {} },
      request: async () => ({ result: JSON.stringify({ tools: [{ name: listed.get(id) }] }) }),
    }),
    sleeps: () => false,
    broken: () => {},
  } as unknown as Connections;
  let now = 1_000_000;
  const db = openDatabase("sqlite::memory:");
  const catalog = await createCatalog(db, () => connections, { now: () => now }, silentLog, {
    *tell() {},
    changed: () => {},
    blotOf: () => (text) => text,
  });
  const refOf = (id: string): ServerRef => ({
    id,
    name: id,
    version: 1,
    fields: { transport: "http", url: "http://127.0.0.1:9" },
  });
  const [a, b] = [refOf("a"), refOf("b")];
  const servers = [a];
  await Promise.all([catalog.refresh(a), catalog.refresh(b)]);
  const [before, revision, all] = [
    await catalog.entriesOf(servers),
    catalog.revisionOf(servers),
    catalog.revisionOf([a, b]),
  ];
  expect(await catalog.entriesOf(servers)).toBe(before);

  listed.set("b", "two");
  await catalog.refresh(b);
  expect(catalog.revisionOf(servers)).toBe(revision);
  expect(catalog.revisionOf([a, b])).toBeGreaterThan(all);
  expect((await catalog.entriesOf([b]))[0]?.offer?.tools[0]?.key).toBe("two");

  listed.set("a", "two");
  await catalog.refresh(a);
  expect(catalog.revisionOf(servers)).toBeGreaterThan(revision);
  expect((await catalog.entriesOf(servers))[0]?.offer?.tools[0]?.key).toBe("two");
  listed.set("a", "three");
  now += 61_000;
  await catalog.entriesOf(servers);
  await catalog.refresh(a);
  expect((await catalog.entriesOf(servers))[0]?.offer?.tools[0]?.key).toBe("three");
  db.close();
});
