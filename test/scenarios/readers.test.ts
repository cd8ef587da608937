import { afterAll, beforeAll, expect, test } from "bun:test";
import { createApp } from "../../src/server/app.ts";
import { listen } from "../../src/server/listen.ts";
import { fixture, type World, world } from "../world.ts";

/** Clients that send and never read. */
let w: World;
let token: string;
let port: number;
/** Says 100 MiB of progress in the middle of a call, then answers. */
const chatty = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  idleTimeout: 0,
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { id, method, params } = (await request.json()) as {
      id?: number;
      method: string;
      params?: { _meta?: object };
    };
    if (id === undefined) return new Response(null, { status: 202 });
    const answer = (result: object) => JSON.stringify({ jsonrpc: "2.0", id, result });
    if (method === "initialize")
      return Response.json(
        JSON.parse(answer({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "c" } })),
      );
    if (method === "tools/list")
      return Response.json(JSON.parse(answer({ tools: [{ name: "talk", inputSchema: { type: "object" } }] })));
    if (method !== "tools/call") return Response.json({ jsonrpc: "2.0", id, error: { code: -32601, message: "no" } });
    const progressToken = (params?._meta as { progressToken?: unknown } | undefined)?.progressToken;
    let said = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (said++ === 400) {
            controller.enqueue(`data: ${answer({ content: [{ type: "text", text: "x".repeat(1024 * 1024) }] })}\n\n`);
            answered++;
            return controller.close();
          }
          const progress = { progressToken, progress: said, message: "y".repeat(256 * 1024) };
          const message = { jsonrpc: "2.0", method: "notifications/progress", params: progress };
          controller.enqueue(`data: ${JSON.stringify(message)}\n\n`);
        },
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  },
});
let answered = 0;

beforeAll(async () => {
  w = await world();
  const limits = { notificationsPerSecond: 10_000, messageBytes: 16 * 1024 * 1024 };
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "chatty", url: chatty.url.href, limits },
      { kind: "server", name: "big", command: fixture(), limits },
      { kind: "project", name: "demo", servers: ["chatty", "big"], limits: { inFlight: 1_000 } },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("both run", async () => (await w.isRunning("chatty")()) && (await w.isRunning("big")()));
  port = Number(new URL(w.listen()).port);
});
afterAll(async () => {
  await w.close();
  await chatty.stop(true);
});

/** Sends one call and reads nothing of what comes. */
async function mute(name: string, args: object, headers: Record<string, string>) {
  const params = { name, arguments: args, _meta: { progressToken: 1 } };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const all = { host: "127.0.0.1", authorization: `Bearer ${token}`, "content-type": "application/json", ...headers };
  const head = Object.entries({ ...all, "content-length": String(body.length) }).map(
    ([key, value]) => `${key}: ${value}`,
  );
  let isClosed = false;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open(socket) {
        socket.pause();
        socket.write(`POST /mcp HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${body}`);
      },
      data() {},
      close() {
        isClosed = true;
      },
      error() {},
    },
  });
  return { end: () => socket.end(), isClosed: () => isClosed };
}

const session = async () =>
  (await w.api("POST", "/mcp", { jsonrpc: "2.0", id: 0, method: "initialize", params: {} }, token)).headers.get(
    "mcp-session-id",
  ) ?? "";

test("of 100 MiB of progress that a client does not read little is kept, and the call ends all the same", async () => {
  const client = await mute(
    "chatty__talk",
    {},
    { accept: "text/event-stream, application/json", "mcp-session-id": await session() },
  );
  let most = 0;
  const isAnswered = () => {
    most = Math.max(most, w.rooms.gateway.sizes().unread);
    return answered === 1;
  };
  // It has a fifth of the time, and on a busy machine of little.
  await w.until("it is answered", isAnswered, 40_000);
  await w.until("it is told", async () => (await w.api("GET", "/api/v1/audit/events?kind=call")).json.items.length > 0);
  most = Math.max(most, w.rooms.gateway.sizes().unread);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(4 * 1024 * 1024);
  client.end();
  await w.until("nothing is kept", () => w.rooms.gateway.sizes().unread === 0);
}, 60_000);

test("an answer as JSON that its client does not read is kept as long as there is room, and not in pieces beyond it", async () => {
  const client = await mute("big__big", { kib: 12 * 1024 }, { accept: "application/json" });
  await w.until("it is on its way", () => w.rooms.gateway.sizes().unread > 1024 * 1024);
  expect(w.rooms.gateway.sizes().readers).toBe(1);
  client.end();
  await w.until("nothing is kept", () => w.rooms.gateway.sizes().unread === 0);
  expect(w.rooms.gateway.sizes().readers).toBe(0);
}, 20_000);

test("a connection may be silent for as long as its call or its stream lasts, and not when its answer is not read", async () => {
  const app = createApp(w.rooms);
  const url = listen(app, { host: "127.0.0.1", port: 0 });
  const given: number[] = [];
  const { server } = app;
  if (server === null) throw new Error("it does not listen");
  const timeout = server.timeout.bind(server);
  Object.defineProperty(server, "timeout", {
    value: (request: Request, seconds: number) => {
      given.push(seconds);
      timeout(request, seconds);
    },
  });
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list", params: {} });
  await (await fetch(`${url}/mcp`, { method: "POST", headers, body })).text();
  // What is over soon ends long before a silent connection is closed.
  expect(given).toEqual([]);
  const stream = await fetch(`${url}/projects/demo/sse`, { headers });
  expect(given).toEqual([0]);
  await stream.body?.cancel();
  // A call that takes long may be silent for as long as it lasts; its answer may not lie there unread.
  const slow = { name: "big__slow", arguments: { ms: 5_400 } };
  const long = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "tools/call", params: slow });
  await (await fetch(`${url}/mcp`, { method: "POST", headers, body: long })).text();
  expect(given).toEqual([0, 0, 30]);
  await server.stop(true);
}, 20_000);
