import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListToolsResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { startHttpServer } from "../servers/http-server.ts";
import { serveMessages } from "../servers/message-server.ts";
import { fixture, type World, world } from "../world.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-discovery-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listOf = async (w: World, token: string) => {
  const { tools, _meta = {} } = (await w.rpc(token, "tools/list")).json.result;
  return {
    names: tools.map(({ name }: { name: string }) => name) as string[],
    missing: (_meta["mcpctl/missing"] ?? []) as { server: string; reason: string }[],
  };
};

test("after a restart the last known lists are there at once, and what is missing says why", async () => {
  const settings = { database: `sqlite:${join(folder, "mcpctl.db")}` };
  const upstream = startHttpServer();
  const token = await (async () => {
    await using w = await world(settings);
    await w.must("POST", "/api/v1/servers", { name: "far", url: upstream.url });
    await w.must("POST", "/api/v1/servers", { name: "near", command: fixture() });
    await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["far", "near"] });
    await w.until("near runs", w.isRunning("near"));
    await w.until("far was listed", async () => (await w.must("GET", "/api/v1/servers/far")).status.tools > 0);
    const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
    expect((await listOf(w, token)).names).toHaveLength(12);
    return token as string;
  })();
  await upstream.stop();

  await using again = await world(settings);
  const first = await listOf(again, token);
  expect([first.names.length, first.names.some((name) => name.startsWith("far__"))]).toEqual([12, true]);
  again.advance(61_000);
  await again.until("it is known why", async () => (await listOf(again, token)).missing.length > 0);
  const { names, missing } = await listOf(again, token);
  expect(names).toHaveLength(12);
  expect(missing).toEqual([{ server: "far", reason: expect.stringContaining('server "far": ') }]);
});

test("how long a list is good, and how long a server is left alone, is the server's own to say", async () => {
  await using w = await world();
  let listed = 0;
  const upstream = startHttpServer();
  const counting = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const body = await request.text();
      if (body.includes('"tools/list"')) listed++;
      return await fetch(new Request(upstream.url, { method: request.method, headers: request.headers, body }));
    },
  });
  const server = { name: "slow", url: `${counting.url}mcp`, limits: { listSeconds: 600, absentSeconds: 100 } };
  await w.must("POST", "/api/v1/servers", server);
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["slow"] });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  await w.until("it was listed", async () => (await listOf(w, token)).names.length === 6);
  const before = listed;
  w.advance(590_000);
  await listOf(w, token);
  expect(listed).toBe(before);
  w.advance(20_000);
  await listOf(w, token);
  await w.until("it was listed again", () => listed > before);

  await counting.stop(true);
  await upstream.stop();
  w.advance(610_000);
  await listOf(w, token);
  await w.until("it is missing", async () => (await listOf(w, token)).missing.length === 1);
  const asked = () => w.logs.filter((line) => line.includes("lists cannot be read")).length;
  const failures = asked();
  w.advance(90_000);
  await listOf(w, token);
  await Bun.sleep(50);
  expect(asked()).toBe(failures);
  w.advance(20_000);
  await listOf(w, token);
  await w.until("it was tried again", () => asked() > failures);
});

test("a project tells which of its servers are usable and why the others are not, to whoever may view them", async () => {
  await using w = await world();
  await w.must("POST", "/api/v1/servers", { name: "good", command: fixture() });
  await w.must("POST", "/api/v1/servers", { name: "hidden", command: fixture() });
  await w.must("POST", "/api/v1/servers", { name: "lazy", command: fixture(), start: "lazy" });
  await w.must("POST", "/api/v1/servers", { name: "bad", command: fixture("--exit", "3") });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["bad", "good", "hidden", "lazy"] });
  for (const name of ["good", "hidden"]) await w.until(`${name} runs`, w.isRunning(name));
  await w.until("bad failed", async () => (await w.must("GET", "/api/v1/servers/bad")).status.state === "ERROR");
  const { status } = await w.must("GET", "/api/v1/projects/demo");
  expect(status.ready).toBe("3/4");
  expect(status.servers).toMatchObject([
    { name: "bad", state: "ERROR", reason: "exited with code 3" },
    { name: "good", state: "RUNNING", tools: 6 },
    { name: "hidden", state: "RUNNING" },
    { name: "lazy", state: "STOPPED", reason: "it sleeps until it is needed" },
  ]);
  expect((await w.cli(["describe", "project", "demo"])).out).toContain("reason: exited with code 3");
  expect((await w.cli(["get", "projects"])).out).toMatch(/NAME +READY .*\ndemo +3\/4 /);

  const some = await w.userWith("some", [
    { role: "view", resource: "projects" },
    { role: "view", resource: "servers", name: "bad" },
    { role: "view", resource: "servers", name: "good" },
  ]);
  const seen = (await w.api("GET", "/api/v1/projects/demo", undefined, some)).json.status;
  expect([seen.ready, seen.servers.map(({ name }: { name: string }) => name)]).toEqual(["1/2", ["bad", "good"]]);
  const none = await w.userWith("none", [{ role: "view", resource: "projects" }]);
  expect((await w.api("GET", "/api/v1/projects", undefined, none)).json.items[0].status).toBeUndefined();
});

test("one server whose list is not as specified takes nobody's list from a strict client", async () => {
  await using w = await world();
  const tools = [
    { name: "untyped", inputSchema: { properties: { path: { description: "which" } } }, title: null },
    { name: "typed", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
    { name: "text", inputSchema: { type: "string" } },
  ];
  const server = serveMessages(({ method }) => {
    const hello = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "odd", version: "1" },
    };
    if (method === "initialize") return { result: hello };
    return method === "tools/list" ? { result: { tools } } : { error: { code: -32601, message: "no" } };
  });
  await w.must("POST", "/api/v1/servers", { name: "odd", url: server.url });
  await w.must("POST", "/api/v1/servers", { name: "good", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["odd", "good"] });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  await w.until("both were listed", async () => (await listOf(w, token)).names.length > 6);
  const { result } = (await w.rpc(token, "tools/list")).json;
  expect(ListToolsResultSchema.safeParse(result).error).toBeUndefined();
  expect(result.tools.slice(0, 2)).toEqual([
    { name: "odd__untyped", inputSchema: { properties: { path: { description: "which" } }, type: "object" } },
    { ...tools[1], name: "odd__typed" },
  ]);
  expect((await listOf(w, token)).missing).toEqual([
    {
      server: "odd",
      reason: 'server "odd": 1 tool whose `inputSchema` is not for an object, or whose description is over 256 KiB',
    },
  ]);
  const { status } = await w.must("GET", "/api/v1/servers/odd");
  expect([status.tools, status.warnings]).toEqual([2, [expect.stringContaining("a tool is shown to nobody")]]);

  await server.stop();
});

test("a call that comes before its server was listed waits for that one, and not for others whose tool it might be", async () => {
  await using w = await world();
  for (const [name, ...flags] of [
    ["hung", "--hang", "initialize"],
    ["late", "--slow", "2000"],
  ] as const)
    await w.must("POST", "/api/v1/servers", { name, command: fixture("--name", name, ...flags) });
  await w.must("POST", "/api/v1/projects", { name: "plain", servers: ["hung", "late"], toolNames: "plain" });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "plain" });
  const { result } = (await w.rpc(token, "tools/call", { name: "echo", arguments: { text: "x" } })).json;
  expect(result?.content).toBeDefined();
  expect((await w.must("GET", "/api/v1/servers/hung")).status.state).toBe("STARTING");
}, 20_000);

test("whoever calls a tool that a server does not have is not told of other servers that are missing", async () => {
  await using w = await world();
  await w.must("POST", "/api/v1/servers", { name: "dead", command: fixture("--exit", "3") });
  await w.must("POST", "/api/v1/servers", { name: "well", command: fixture() });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["dead", "well"] });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  await w.until("one is listed and one is not", async () => {
    const { names, missing } = await listOf(w, token);
    return names.length > 0 && missing.some(({ reason }) => reason.includes("exited"));
  });
  const refusalOf = async (name: string) =>
    (await w.rpc(token, "tools/call", { name, arguments: {} })).json.error.message;
  expect(await refusalOf("well__nothing")).toBe('There is no tool "well__nothing" in this project');
  expect(await refusalOf("dead__nothing")).toContain('(missing: server "dead": exited with code 3)');
  expect(await refusalOf("nothing")).toContain('(missing: server "dead": exited with code 3)');
});
