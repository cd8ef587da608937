import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventsSeen } from "../events.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { visitorOf } from "../visitor.ts";
import { type World, world } from "../world.ts";

let w: World;
const web = startHttpServer({ name: "web" });
let tokens: Record<string, string> = {};
const folder = mkdtempSync(join(tmpdir(), "mcpctl-sessions-"));
const database = `sqlite:${join(folder, "mcpctl.db")}`;

beforeAll(async () => {
  w = await world({ database });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "project", name: "one", servers: ["web"] },
      { kind: "project", name: "two", servers: ["web"] },
    ],
  });
  tokens = await w.tokensFor({ mine: "one", theirs: "one", elsewhere: "two" });
  await w.until("it runs", w.isRunning("web"));
});
afterAll(async () => {
  await w.close();
  await web.stop();
  rmSync(folder, { recursive: true });
});

type Sent = { session?: string; method?: string; headers?: Record<string, string>; path?: string; body?: unknown };

async function send(token: string, { session, method = "POST", headers = {}, path = "/mcp", body }: Sent) {
  return await w.fetch(
    new Request(w.url + path, {
      method,
      headers: {
        authorization: `Bearer ${tokens[token]}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(session === undefined ? {} : { "mcp-session-id": session }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify({ jsonrpc: "2.0", ...body }) }),
    }),
  );
}

const initialize = { id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {} } };
const ping = { id: 1, method: "ping" };

async function opened(token = "mine", path = "/mcp"): Promise<string> {
  return (await send(token, { body: initialize, path })).headers.get("mcp-session-id") ?? "";
}

describe("a session", () => {
  test("is visible ASCII, and goes on after a restart and an idle week", async () => {
    const session = await opened();
    expect(session).toMatch(/^[\x21-\x7e]{40,400}$/);
    expect((await send("mine", { session, body: ping })).status).toBe(200);
    w.advance(7 * 24 * 3_600_000);
    expect((await send("mine", { session, body: ping })).status).toBe(200);
    await using again = await world({ database });
    const response = await again.fetch(
      new Request(`${again.url}/mcp`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${tokens["mine"]}`,
          "content-type": "application/json",
          "mcp-session-id": session,
        },
        body: JSON.stringify({ jsonrpc: "2.0", ...ping }),
      }),
    );
    expect(response.status).toBe(200);
  });

  test.each([
    ["another token of the same project", async () => ["theirs", await opened()]],
    ["a token of another project", async () => ["elsewhere", await opened()]],
    ["the same token at another endpoint", async () => ["mine", await opened("mine", "/projects/one/servers/web/mcp")]],
    ["one that was made up", async () => ["mine", "mcps_e30.AAAAAAAAAAAAAAAAAAAAAAAA"]],
    ["one of somebody else's making", async () => ["mine", "5f7c0b52-0a38-4f0e-9d59-1d3d1b6cd9d1"]],
    [
      "one with another letter in it",
      async () => {
        const session = await opened();
        return ["mine", session.slice(0, 20) + (session[20] === "A" ? "B" : "A") + session.slice(21)];
      },
    ],
    ["one with a letter more", async () => ["mine", `${await opened()}A`]],
  ] as const)("%s is exactly 404, for POST, GET and DELETE", async (_, make) => {
    const [token = "", session = ""] = await make();
    for (const method of ["POST", "GET", "DELETE"]) {
      const response = await send(token, { session, method, ...(method === "POST" ? { body: ping } : {}) });
      expect([method, response.status]).toEqual([method, 404]);
    }
  });

  test("ends by DELETE, and is then unknown", async () => {
    const session = await opened();
    expect((await send("mine", { session, method: "DELETE" })).status).toBe(200);
    expect((await send("mine", { session, body: ping })).status).toBe(404);
  });

  test("opening a thousand costs no memory that stays", async () => {
    for (let i = 0; i < 1_000; i++) await opened();
    expect(w.rooms.gateway.sizes().sessions).toBeLessThan(20);
  });

  test("a task of 2025-11-25 is not asked for, since nobody could ask after it", async () => {
    const params = { name: "web__echo", arguments: { text: "no task" }, task: { ttl: 1_000 } };
    const answer = await send("mine", { session: await opened(), body: { id: 1, method: "tools/call", params } });
    expect(((await answer.json()) as { result: { content: object[] } }).result.content).toHaveLength(1);
    const sent = web.requests.filter(({ body }) => body.includes("no task"));
    expect(sent.map(({ body }) => body.includes('"ttl"'))).toEqual([false]);
  });

  test("a stream that broke is not held on to, though its session may come back", async () => {
    const dropped: WeakRef<Request>[] = [];
    for (let i = 0; i < 50; i++) {
      const headers = {
        authorization: `Bearer ${tokens["mine"]}`,
        "mcp-session-id": await opened(),
        accept: "text/event-stream",
      };
      const request = new Request(`${w.url}/mcp`, { headers });
      dropped.push(new WeakRef(request));
      const visitor = visitorOf(request, { project: undefined, transport: "streamable" });
      await w.rooms.gateway.handle(visitor);
      const response = await visitor.answered;
      expect(response.status).toBe(200);
      await response.body?.cancel();
    }
    // What is still on a stack the collector leaves alone.
    await w.until("they are gone", () => {
      Bun.gc(true);
      return dropped.filter((one) => one.deref() !== undefined).length < 10;
    });
  });

  test("a call is cancelled by its id, and nothing is answered for it", async () => {
    const session = await opened();
    const slow = send("mine", {
      session,
      body: { id: "s", method: "tools/call", params: { name: "web__slow", arguments: { ms: 20_000 } } },
    });
    await w.until("it arrives", () => web.requests.some(({ body }) => body.includes('"name":"slow"')));
    await send("mine", { session, body: { method: "notifications/cancelled", params: { requestId: "s" } } });
    expect(await (await slow).text()).not.toContain("done");
    await w.until("the server is told", () => web.requests.some(({ method }) => method === "notifications/cancelled"));
  });
});

describe("streams", () => {
  test("what takes longer than a second becomes a stream, and its rest can be had after it broke", async () => {
    const session = await opened();
    const breaking = new AbortController();
    const response = await w.fetch(
      new Request(`${w.url}/mcp`, {
        method: "POST",
        signal: breaking.signal,
        headers: {
          authorization: `Bearer ${tokens["mine"]}`,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
          "mcp-session-id": session,
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 7,
          method: "tools/call",
          params: { name: "web__slow", arguments: { ms: 1_800 } },
        }),
      }),
    );
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const first = eventsSeen(response);
    await w.until("the beginning is there", () => first.seen.length > 0);
    const lastId = first.seen[0]?.id ?? "";
    breaking.abort();
    const rest = eventsSeen(
      await send("mine", { session, method: "GET", headers: { "last-event-id": lastId, accept: "text/event-stream" } }),
    );
    await w.until("the answer comes", () => rest.ended);
    expect(rest.seen.map(({ data }) => JSON.parse(data).id)).toEqual([7]);
  });

  const change = { name: "one", servers: ["web"] };
  test.each([
    ["by itself", "PUT", "/api/v1/projects/one", { ...change, description: "changed" }],
    ["by apply", "POST", "/api/v1/apply", { documents: [{ kind: "project", ...change, description: "again" }] }],
  ] as const)("GET hears that a list has changed when the project has", async (_, method, path, body) => {
    const session = await opened();
    const refused = await send("mine", { session, method: "GET", headers: { accept: "text/html" } });
    expect([refused.status, await refused.text()]).toEqual([406, expect.stringContaining("text/event-stream")]);
    const heard = eventsSeen(await send("mine", { session, method: "GET", headers: { accept: "text/event-stream" } }));
    await w.must(method, path, body);
    await w.until("it is told", () => heard.seen.some(({ data }) => data.includes("notifications/tools/list_changed")));
    await send("mine", { session, method: "DELETE" });
    await w.until("the stream ends with its session", () => heard.ended);
  });
});

test("a server that comes up after its clients is told of to them", async () => {
  await w.must("PUT", "/api/v1/servers/late", { name: "late", url: "http://127.0.0.1:9/mcp" });
  await w.must("PUT", "/api/v1/projects/slow", { name: "slow", servers: ["late"] });
  tokens["slow"] = (await w.must("POST", "/api/v1/mcptokens", { name: "slow", project: "slow" })).token;
  // What the project's own change is told by goes out a moment after it.
  await Bun.sleep(200);
  const session = await opened("slow");
  const heard = eventsSeen(await send("slow", { session, method: "GET", headers: { accept: "text/event-stream" } }));
  expect(heard.seen.filter(({ data }) => data !== "")).toEqual([]);
  await w.must("PUT", "/api/v1/servers/late", { name: "late", url: web.url });
  const isTold = (list: string) => heard.seen.some(({ data }) => data.includes(`notifications/${list}/list_changed`));
  await w.until("it is told of", () => ["tools", "prompts", "resources"].every(isTold));
  await send("slow", { session, method: "DELETE" });
});

describe("the transport of 2024-11-05", () => {
  test("says by a path where to post, and answers on the stream", async () => {
    const stream = eventsSeen(await send("mine", { path: "/projects/one/vllm/browser/sse", method: "GET" }));
    await w.until("the endpoint is told", () => stream.seen.length === 1);
    const path = stream.seen[0]?.data ?? "";
    expect(path).toMatch(/^\/projects\/one\/vllm\/browser\/sse\/message\?session=[\w-]+$/);
    expect((await send("mine", { path, body: initialize })).status).toBe(202);
    await w.until("it is answered", () => stream.seen.length === 2);
    expect(JSON.parse(stream.seen[1]?.data ?? "").result.serverInfo.name).toBe("browser");
    expect((await send("theirs", { path, body: ping })).status).toBe(404);
    await send("mine", {
      path,
      body: { id: 2, method: "tools/call", params: { name: "web__echo", arguments: { text: "hi" } } },
    });
    await w.until("the call is answered", () => stream.seen.length === 3);
    expect(JSON.parse(stream.seen[2]?.data ?? "").result.content).toEqual([{ type: "text", text: "hi" }]);
    await send("mine", {
      path,
      body: { id: 3, method: "tools/call", params: { name: "cleanup_session", arguments: {} } },
    });
    await w.until("the goodbye is answered", () => stream.seen.length === 4);
    expect(JSON.parse(stream.seen[3]?.data ?? "").result.isError).toBeUndefined();
  });

  test("HEAD and POST are 405 before anybody is asked who he is", async () => {
    for (const method of ["HEAD", "POST", "DELETE"]) {
      const response = await w.api(method, "/projects/one/sse", undefined, "");
      expect([method, response.status]).toEqual([method, 405]);
    }
  });
});
