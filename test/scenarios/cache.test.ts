import { afterAll, beforeAll, expect, test } from "bun:test";
import { type World, world } from "../world.ts";

let w: World;
const ids: Record<string, string> = {};
beforeAll(async () => {
  w = await world();
  for (const name of ["demo", "other", "brief"])
    ids[name] = (await w.must("POST", "/api/v1/projects", { name, servers: [] })).id;
});
afterAll(() => w.close());

async function fill(): Promise<void> {
  for (const [name, entries] of [
    ["demo", 3],
    ["other", 1],
  ] as const)
    for (let n = 0; n < entries; n++)
      w.rooms.proxyModels.cache.put(
        { project: ids[name] ?? "", principal: `u${n}` },
        "key",
        `of ${name}`.repeat(1_000),
      );
  await w.rooms.proxyModels.cache.settled();
}

const valueFor = (name: string) => w.rooms.proxyModels.cache.get({ project: ids[name] ?? "", principal: "u0" }, "key");

test("how much it holds is told in all and by project, as far as the caller may view them", async () => {
  await fill();
  const all = JSON.parse((await w.cli(["cache", "stats", "-o", "json"])).out);
  expect(all).toMatchObject({ entries: 4, mostBytes: 256 * 1024 * 1024, hits: 0, evicted: 0 });
  expect(all.projects).toEqual([
    { name: "demo", entries: 3, bytes: expect.any(Number) },
    { name: "other", entries: 1, bytes: expect.any(Number) },
  ]);
  const { out } = await w.cli(["cache", "stats", "-p", "demo"]);
  expect(out).toMatch(/^4 entries, 29 KiB of 256\.0 MiB on disk\n0 hits, 0 misses, 0 evicted/);
  expect(out).toMatch(/\ndemo +3 +/);
  expect(out).not.toContain("other");
  const keeper = await w.userWith("keeper", [
    { role: "run", action: "cache" },
    { role: "view", resource: "projects", name: "other" },
  ]);
  const seen = (await w.api("GET", "/api/v1/cache", undefined, keeper)).json;
  expect([seen.entries, seen.projects.map(({ name }: { name: string }) => name)]).toEqual([4, ["other"]]);
  for (const method of ["GET", "DELETE"])
    expect((await w.api(method, "/api/v1/cache?project=demo", undefined, keeper)).status).toBe(403);
  expect(await valueFor("demo")).toBeDefined();
  const blind = await w.userWith("blind", [{ role: "run", action: "cache" }]);
  expect((await w.api("GET", "/api/v1/cache", undefined, blind)).json).toMatchObject({ entries: 4, projects: [] });
});

test("clearing takes a project's or all, asks first, and stands in the audit log", async () => {
  await fill();
  expect((await w.cli(["cache", "clear", "-p", "demo"], { answers: ["n"] })).code).toBe(0);
  expect(await valueFor("demo")).toBeDefined();
  expect((await w.cli(["cache", "clear", "-p", "demo", "--yes"])).out).toBe("3 entries cleared");
  expect([await valueFor("demo"), await valueFor("other")]).toEqual([undefined, "of other".repeat(1_000)]);
  expect((await w.cli(["cache", "clear", "-p", "none", "--yes"])).code).toBe(6);
  expect(JSON.parse((await w.cli(["cache", "clear", "--yes", "-o", "json"])).out)).toEqual({ cleared: 1 });
  expect(await valueFor("other")).toBeUndefined();
  await w.rooms.audit.flush();
  const { items } = await w.must("GET", "/api/v1/audit/events?kind=change&limit=2");
  expect(items).toMatchObject([
    { subject: "User:admin@localhost", action: "clear", resource: "cache", detail: { entries: 1 } },
    { action: "clear", resource: "cache/demo", project: "demo", detail: { entries: 3 } },
  ]);
});

test("a token may do neither, though its owner may", async () => {
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo", rbac: "clone" });
  for (const method of ["GET", "DELETE"])
    expect((await w.api(method, "/api/v1/cache", undefined, token)).status).toBe(403);
});

test("a project that is deleted takes its entries along, one that is changed does not", async () => {
  w.rooms.proxyModels.cache.put({ project: ids["brief"] ?? "", principal: "u0" }, "key", "value");
  await w.must("PUT", "/api/v1/projects/brief", { name: "brief", servers: [], description: "changed" });
  expect(await valueFor("brief")).toBe("value");
  await w.must("DELETE", "/api/v1/projects/brief");
  expect(await valueFor("brief")).toBeUndefined();
});

test("hits and misses are measured", async () => {
  const text = (await w.api("GET", "/metrics")).text;
  for (const name of ["hits_total", "misses_total", "evicted_total", "entries", "bytes"])
    expect(text).toMatch(new RegExp(`^mcpctl_cache_${name} \\d+$`, "m"));
  expect(Number(/^mcpctl_cache_misses_total (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(0);
});

test("the size is a number of MiB, 0 is memory only, and its folder lies below a data folder that is given", async () => {
  const stats = JSON.parse((await w.cli(["cache", "stats", "-o", "json"])).out);
  expect(w.rooms.config.cacheDir).toBe(`${w.rooms.config.dataDir}/cache`);
  await using small = await world({ "cache-mib": "0", "cache-dir": "/nowhere/at/all" });
  small.rooms.proxyModels.cache.put({ project: "p", principal: undefined }, "k", "value");
  expect(await small.rooms.proxyModels.cache.get({ project: "p", principal: undefined }, "k")).toBe("value");
  expect((await small.cli(["cache", "stats"])).out).toContain("in memory only");
  expect(stats.mostBytes).toBe(256 * 1024 * 1024);
});
