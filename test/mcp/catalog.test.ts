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
