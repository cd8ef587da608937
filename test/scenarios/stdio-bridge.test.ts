import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { desktop } from "../client/desktop.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type World, world } from "../world.ts";

const web = startHttpServer({ name: "web" });
const folder = mkdtempSync(join(tmpdir(), "mcpctl-bridge-"));
const database = `sqlite:${join(folder, "mcpctl.db")}`;
let w: World | undefined;
let token = "";
/** What breaks on the way, once. */
let fault: ((answer: () => Promise<Response>) => Promise<Response>) | undefined;

const refused = () => Object.assign(new Error("refused"), { code: "ConnectionRefused" });
const fetch = async (request: Request): Promise<Response> => {
  const answer = async () => {
    if (w === undefined) throw refused();
    return await w.fetch(request);
  };
  const isRequest = request.method === "POST" && /"id":.*"method":/.test(await request.clone().text());
  const wrong = isRequest ? fault : undefined;
  if (wrong === undefined) return await answer();
  fault = undefined;
  return await wrong(answer);
};
const open = () => desktop({ url: "http://127.0.0.1:3200", token, fetch });
const call = (text: string) => ({ name: "web__echo", arguments: { text } });
const calls = () => web.requests.filter(({ body }) => body.includes('"tools/call"')).length;

beforeAll(async () => {
  w = await world({ database });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "project", name: "one", servers: ["web"] },
    ],
  });
  ({ token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "one" }));
  await w.until("it runs", w.isRunning("web"));
});
afterAll(async () => {
  await w?.close();
  await web.stop();
  rmSync(folder, { recursive: true });
});

async function restart(whileGone: () => Promise<unknown> = async () => {}) {
  const before = w;
  w = undefined;
  before?.rooms.stopping();
  await before?.close();
  await whileGone();
  w = await world({ database });
}

test("a legacy client initializes, lists, calls, hears of changes, and outlives a restart of the gateway", async () => {
  const client = open();
  expect((await client.initialize()).result.protocolVersion).toBe("2025-11-25");
  expect((await client.request("tools/list")).result.tools.map(({ name }: { name: string }) => name)).toContain(
    "web__echo",
  );
  expect((await client.request("tools/call", call("a"))).result.content[0].text).toBe("a");
  let id: string | number = 0;
  await restart(async () => {
    id = client.send("tools/call", call("b"));
    await Bun.sleep(150);
  });
  expect((await client.answered((message) => message.id === id)).result.content[0].text).toBe("b");
  expect(client.told).toHaveLength(2);
  await w?.must("POST", "/api/v1/apply", {
    documents: [{ kind: "project", name: "one", servers: [{ server: "web", deny: ["fail"] }] }],
  });
  await client.answered(({ method }) => method === "notifications/tools/list_changed");
  await client.close();
});

test("a modern client needs no session: discovery, a call, a subscription that outlives a restart, and taking back", async () => {
  const client = open();
  const modern = client.modern;
  expect((await client.request("server/discover", modern())).result.supportedVersions).toContain("2026-07-28");
  expect((await client.request("tools/call", modern(call("a")))).result.content[0].text).toBe("a");
  client.send("subscriptions/listen", modern({ notifications: { toolsListChanged: true } }), "listen");
  await client.answered(({ method }) => method === "notifications/subscriptions/acknowledged");
  await restart();
  await client.answered(
    (message) =>
      client.said.filter(({ method }) => method === message.method && /acknowledged/.test(method)).length === 2,
  );
  const slow = client.send("tools/call", modern({ name: "web__slow", arguments: { ms: 5_000 } }));
  await w?.until("it is under way", () => web.requests.some(({ body }) => body.includes('"slow"')));
  client.tell("notifications/cancelled", { requestId: slow });
  expect((await client.request("tools/call", modern(call("c")))).result.content[0].text).toBe("c");
  await client.close();
  expect(client.said.filter(({ id }) => id === slow)).toEqual([]);
});

test("what may have been carried out is not sent again, and the answer says so; a list is asked for again", async () => {
  const client = open();
  await client.initialize();
  const before = calls();
  const lost = async (answer: () => Promise<Response>) => {
    await (await answer()).body?.cancel();
    throw Object.assign(new Error("reset"), { code: "ECONNRESET" });
  };
  fault = lost;
  const { error } = await client.request("tools/call", call("once"));
  expect(error.message).toContain("it may have been carried out, and was not sent again");
  fault = lost;
  expect((await client.request("tools/list")).result.tools.length).toBeGreaterThan(0);
  expect(calls()).toBe(before + 1);
  await client.close();
});

test("a session that the gateway knows no more is opened anew, and the call is made once", async () => {
  const client = open();
  await client.initialize();
  const before = calls();
  const unknown = { jsonrpc: "2.0", id: 2, error: { code: -32001, message: "no such session" } };
  fault = async () => Response.json(unknown, { status: 404 });
  expect((await client.request("tools/call", call("anew"))).result.content[0].text).toBe("anew");
  expect(calls()).toBe(before + 1);
  await client.close();
});

test("what is no message, a wrong token and a gateway that stays away are answered, each in its own words", async () => {
  const client = open();
  client.line("{nonsense");
  expect((await client.answered(({ error }) => error !== undefined)).error.code).toBe(-32700);
  client.line('[{"jsonrpc":"2.0","id":1,"method":"ping"}]');
  await client.answered(({ error }) => error?.code === -32600);
  await client.close();
  const stranger = desktop({ url: "http://127.0.0.1:3200", token: "mcpctl_pat_wrong", fetch });
  expect((await stranger.request("initialize")).error.message).toContain("token");
  await stranger.close();
  const alone = desktop({
    url: "http://127.0.0.1:3200",
    token,
    fetch: () => Promise.reject(refused()),
    patienceMs: 300,
  });
  expect((await alone.request("initialize")).error.message).toContain("does not answer; nothing was carried out");
  await alone.close();
});

test("an id that no number holds goes and comes as it was written", async () => {
  const client = open();
  await client.initialize();
  client.line('{"jsonrpc":"2.0","id":9007199254740993,"method":"ping"}');
  await client.answered(({ id, result }) => id === Number("9007199254740993") && result !== undefined);
  await client.close();
});

test("a second request of an id that is under way is refused, and the first is answered", async () => {
  const client = open();
  await client.initialize();
  const before = calls();
  client.send("tools/call", { name: "web__slow", arguments: { ms: 200 } }, "twin");
  client.send("tools/call", call("not made"), "twin");
  const { error } = await client.answered((message) => message.id === "twin" && message.error !== undefined);
  expect(error).toEqual({ code: -32600, message: "Another request of this id is under way" });
  await client.answered(({ id, result }) => id === "twin" && result !== undefined);
  expect(calls()).toBe(before + 1);
  await client.close();
});

test("an answer without an end is let go of at the bound, and said to be broken off", async () => {
  const client = open();
  await client.initialize();
  let given = 0;
  const flood = new ReadableStream({
    pull(controller) {
      given += 1;
      controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
    },
  });
  fault = async () => new Response(flood, { headers: { "content-type": "application/json" } });
  expect((await client.request("tools/call", call("x"))).error.message).toContain("broke before it had answered");
  expect(given).toBeLessThan(80);
  await client.close();
});
