import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { alike, type World, world } from "../world.ts";

/** Clients and servers that mean harm, among others that do not. */
let w: World;
let token: string;
const fresh = startStreamingServer({ name: "fresh", eras: ["modern"] });
const old = startStreamingServer({ name: "old", eras: ["legacy"] });

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "fresh", url: fresh.url },
      { kind: "server", name: "old", url: old.url },
      { kind: "project", name: "demo", servers: ["fresh", "old"] },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "mine", project: "demo" })).token;
  await w.until("both run", async () => (await w.isRunning("fresh")()) && (await w.isRunning("old")()));
});
afterAll(async () => {
  await w.close();
  await Promise.all([fresh.stop(), old.stop()]);
});

const calls = async (query: string) => (await w.api("GET", `/api/v1/audit/events?kind=call&${query}`)).json.items;

describe("the audit log holds", () => {
  test.each([
    ["fresh", "fresh__wait"],
    ["old", "old__wait"],
  ])("a call to a %s server whose client goes away before the answer", async (server, name) => {
    const client = await modernClient(w, token);
    const leaving = new AbortController();
    const call = client.request("tools/call", { name, arguments: { ms: 3_000 } }, { signal: leaving.signal });
    const running = server === "fresh" ? fresh : old;
    await w.until("it arrived", () => running.sent("tools/call").length > 0);
    leaving.abort();
    await call.catch(() => {});
    await w.until("it is told", async () => (await calls(`server=${server}`)).length === 1);
    expect((await calls(`server=${server}`))[0]).toMatchObject({ tool: "wait", outcome: "error", tokenName: "mine" });
  });

  test("a resource that is followed, and one that may not be", async () => {
    const narrow = { name: "narrow", project: "demo", tools: ["fresh/wait"] };
    const { token: as } = await w.must("POST", "/api/v1/mcptokens", narrow);
    const client = await legacyClient(w, as);
    const uri = "mcpctl://old/fixture%3A%2F%2Fold%2Fone";
    expect((await client.request("resources/subscribe", { uri })).error.code).toBe(-32002);
    const [event] = await calls("tokenName=narrow");
    expect(event).toMatchObject({ action: "resources/subscribe", outcome: "refused", server: "old" });
  });

  test("that somebody tried the endpoint of a server of which nothing is open to them", async () => {
    const narrow = { name: "prober", project: "demo", tools: ["fresh/wait"] };
    const { token: as } = await w.must("POST", "/api/v1/mcptokens", narrow);
    const [closed, absent] = await Promise.all(
      ["old", "none"].map((server) => w.rpc(as, "tools/list", {}, `/projects/demo/servers/${server}/mcp`)),
    );
    expect([closed?.status, alike(closed?.text)]).toEqual([404, alike(absent?.text)]);
    const refused = async () => (await w.api("GET", "/api/v1/audit/events?kind=refused&tokenName=prober")).json.items;
    await w.until("it is told", async () => (await refused()).length > 0);
    expect(await refused()).toMatchObject([{ outcome: "refused", detail: { path: "/projects/demo/servers/old/mcp" } }]);
  });
});

describe("whoever lost the right to what is no single tool", () => {
  test.each(["fresh", "old"])(
    "hears no more of a resource of the %s server, though the stream stays open",
    async (server) => {
      const name = `of-${server}`;
      const whole = [{ role: "run", resource: "projects", name: "demo" }] as const;
      const login = await w.userWith(name, whole);
      const uri = `fixture://${server}/one`;
      const path = "/projects/demo/mcp";
      const client = await (server === "old" ? legacyClient : modernClient)(w, login, { path });
      await client.listen([uri]);
      const other = await modernClient(w, token);
      await other.listen([uri]);
      const updates = ({ heard }: { heard: { method?: string }[] }) =>
        heard.filter(({ method }) => method === "notifications/resources/updated").length;
      const touch = () => other.request("tools/call", { name: `${server}__touch`, arguments: { uri } });
      await touch();
      await w.until("both heard it", () => updates(client) === 1 && updates(other) === 1);
      await w.must("PUT", `/api/v1/rbac/of-${name}`, {
        name: `of-${name}`,
        subjects: [{ kind: "User", name: `${name}@example.com` }],
        roleBindings: [{ role: "run", resource: "tools", name: `${server}/wait` }],
      });
      await touch();
      await w.until("the other heard it", () => updates(other) === 2);
      await Bun.sleep(50);
      expect(updates(client)).toBe(1);
      client.close();
      other.close();
    },
  );
});

test("a server that never says whether it will tell of changes keeps nobody from hearing of those of others", async () => {
  const initialized = {
    protocolVersion: "2025-11-25",
    capabilities: { resources: { subscribe: true }, extensions: { "x.example/mute": {} } },
  };
  let subscribing = 0;
  const mute = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { id, method } =
        request.method === "POST" ? await request.json() : ({} as { id?: number; method?: string });
      if (method === "resources/subscribe") subscribing++;
      if (method === "resources/subscribe") return await new Promise<Response>(() => {});
      if (id === undefined) return new Response(null, { status: method === undefined ? 405 : 202 });
      const resources = [{ uri: "mute://one", name: "one" }];
      const results: Record<string, object> = { initialize: initialized, "resources/list": { resources } };
      const result = results[method ?? ""];
      return Response.json({
        jsonrpc: "2.0",
        id,
        ...(result ? { result } : { error: { code: -32601, message: "no" } }),
      });
    },
  });
  await w.must("POST", "/api/v1/servers", { name: "mute", url: mute.url.href });
  await w.must("POST", "/api/v1/projects", { name: "mixed", servers: ["mute", "old", "fresh"] });
  await w.until("it runs", w.isRunning("mute"));
  const path = "/projects/mixed/mcp";
  const minted = await w.must("POST", "/api/v1/mcptokens", { name: "soon-revoked", project: "mixed" });
  const waiting = (await modernClient(w, minted.token)).listen(["mute://one"]).catch(String);
  await w.until("it is asked", () => subscribing === 1);
  const narrow = await w.must("POST", "/api/v1/mcptokens", { name: "n", project: "mixed", tools: ["old/*"] });
  const introduced = async (as: string) => (await w.rpc(as, "initialize", {}, path)).text.includes("x.example/mute");
  expect([await introduced(w.admin), await introduced(narrow.token)]).toEqual([true, false]);
  const before = performance.now();
  const listener = await modernClient(w, w.admin, { path });
  await listener.listen(["fixture://fresh/one"]);
  await (await legacyClient(w, w.admin, { path })).listen(["fixture://old/one"]);
  expect(performance.now() - before).toBeLessThan(2_000);
  listener.close();
  // Whose right ended while its server was asked has no stream.
  await w.must("DELETE", `/api/v1/mcptokens/${minted.id}`);
  expect(await waiting).toContain("unauthenticated");
  expect(w.rooms.gateway.sizes().subscribers).toBe(1);
  await mute.stop(true);
}, 15_000);
