import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, peerOf } from "../mcp/upstream/ways.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

const both = startStreamingServer({ eras: ["legacy", "modern"] });
const old = startStreamingServer({ eras: ["legacy"] });
const home = mkdtempSync(join(tmpdir(), "mcpctl-eras-"));
afterAll(async () => {
  rmSync(home, { recursive: true, force: true });
  await Promise.all([both.stop(), old.stop()]);
});

const script = join(import.meta.dir, "../servers/interactive-stdio.ts");
const command = (...flags: string[]) => [process.execPath, script, ...flags];
const documents = [
  { kind: "server", name: "both", url: both.url },
  { kind: "server", name: "forced", url: both.url, protocol: "legacy" },
  { kind: "server", name: "old", url: old.url, protocol: "auto" },
  { kind: "server", name: "sse", url: old.sse, transport: "sse" },
  { kind: "server", name: "process", command: command() },
  { kind: "server", name: "new-process", command: command("--era", "modern") },
];
const names = documents.map(({ name }) => name);

const allRun = (w: World) =>
  w.until("all run", async () => (await Promise.all(names.map((name) => w.isRunning(name)()))).every(Boolean));
const statusOf = async (w: World, name: string) => (await w.api("GET", `/api/v1/servers/${name}`)).json.status;
const eras = async (w: World) =>
  Object.fromEntries(await Promise.all(names.map(async (name) => [name, (await statusOf(w, name)).era])));
const refOf = async (w: World, name: string) => {
  const { id, version, ...fields } = (await w.api("GET", `/api/v1/servers/${name}`)).json;
  return { id, name, version, fields };
};

test("each server's era is found out, shown, and known again after a restart", async () => {
  const database = `sqlite:${join(home, "eras.db")}`;
  const found = {
    both: "modern",
    forced: "legacy",
    old: "legacy",
    sse: "legacy",
    process: "legacy",
    "new-process": "modern",
  };
  {
    await using w = await world({ database });
    await w.must("POST", "/api/v1/apply", { documents });
    await allRun(w);
    expect(await eras(w)).toEqual(found);
    const { out } = await w.cli(["describe", "server", "both"]);
    expect(out).toMatch(/protocol: +"?2026-07-28/);
    expect(out).toMatch(/era: +modern/);
    expect(out).toMatch(/since: +"?20/);
    expect((await statusOf(w, "forced")).since).toBe(undefined);
    expect((await w.cli(["get", "server", "old", "-o", "yaml"])).out).not.toContain("protocol: auto");
  }
  const asked = () => [both, old].map((server) => server.sent("server/discover").length);
  const before = asked();
  await using w = await world({ database });
  for (const name of names) await w.rooms.connections.get(await refOf(w, name));
  await allRun(w);
  expect(await eras(w)).toEqual(found);
  // The legacy one is not asked again, the modern one says what it can each time.
  expect([asked()[1], asked()[0]]).toEqual([before[1], (before[0] ?? 0) + 1]);
  w.advance(8 * 24 * 60 * 60_000);
  await w.rooms.connections.sync([]);
  await w.rooms.connections.get(await refOf(w, "old"));
  expect(asked()[1]).toBe((before[1] ?? 0) + 1);
}, 20_000);

test("a process is asked by one caller's own copy, which ends with its server", async () => {
  await using w = await world();
  await w.must("POST", "/api/v1/apply", { documents: [{ kind: "server", name: "process", command: command() }] });
  await w.until("it runs", w.isRunning("process"));
  const ref = await refOf(w, "process");
  const peers = [peerOf("User:a"), peerOf("User:b")];
  const own = await Promise.all(peers.map((peer) => w.rooms.connections.get(ref, peer)));
  const answers = await Promise.all(own.map((upstream, n) => call(upstream, "ask", {}, { peer: peers[n] })));
  expect(answers.map(({ content }) => content.from)).toEqual(["User:a", "User:b"]);
  await w.rooms.supervisor.restart(w.rooms.supervisor.list()[0]?.id ?? "");
  await Promise.all(own.map(({ ended }) => ended));
  await w.until("it runs again", w.isRunning("process"));
  const again = await w.rooms.connections.get(ref, peerOf("User:a"));
  await w.must("DELETE", "/api/v1/servers/process");
  await again.ended;
});

test("sse and the modern era do not go together", async () => {
  await using w = await world();
  const refused = await w.api("POST", "/api/v1/servers", {
    name: "x",
    transport: "sse",
    url: old.sse,
    protocol: "modern",
  });
  expect([refused.status, refused.json.fields[0].path]).toEqual([422, "/protocol"]);
});
