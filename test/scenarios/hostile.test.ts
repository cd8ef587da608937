import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

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
});
