import { heapStats } from "bun:jsc";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/** Clients that never say goodbye: what they had open and asked for is let go of, over real sockets. */
let w: World;
let address: URL;
let token: string;
const web = startStreamingServer({ name: "web" });
const many = 1_000;

beforeAll(async () => {
  w = await world();
  address = new URL(w.listen());
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "project", name: "all", servers: ["web"], limits: { sessions: 10_000 } },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "all" })).token;
  await w.until("it runs", w.isRunning("web"));
});
afterAll(async () => {
  await w.close();
  await web.stop();
});

type Sent = { headers?: Record<string, string>; body?: object };

/** One request on a socket of its own, which is left open: what fetch may have open at once is bounded. Resolves at the first bytes. */
async function stream(method: string, path: string, { headers = {}, body }: Sent = {}) {
  const text = body === undefined ? "" : JSON.stringify({ jsonrpc: "2.0", ...body });
  const lines = Object.entries({
    host: address.host,
    authorization: `Bearer ${token}`,
    accept: "text/event-stream, application/json",
    ...(body === undefined ? {} : { "content-type": "application/json", "content-length": `${text.length}` }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const first = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: address.hostname,
    port: Number(address.port),
    socket: {
      data: (_, bytes) => first.resolve(bytes.toString()),
      close: () => first.reject(new Error("closed")),
      error: (_, error) => first.reject(error),
    },
  });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`);
  const begun = await first.promise;
  if (!begun.startsWith("HTTP/1.1 200")) throw new Error(begun);
  return socket;
}

async function post(session: string | undefined, body: object) {
  const response = await fetch(new URL("/mcp", address), {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      ...(session === undefined ? {} : { "mcp-session-id": session }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", ...body }),
  });
  await response.text();
  return response;
}

async function opened(n: number) {
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
  const response = await post(undefined, { id: 0, method: "initialize", params });
  const session = response.headers.get("mcp-session-id") ?? "";
  await post(session, { method: "notifications/initialized" });
  if (n % 2 === 0) await post(session, { id: 1, method: "logging/setLevel", params: { level: "info" } });
  if (n % 3 === 0) await post(session, { id: 2, method: "resources/subscribe", params: { uri: "fixture://web/one" } });
  return session;
}

const listening = (n: number) =>
  stream("POST", "/mcp", {
    headers: { "mcp-protocol-version": modernVersion, "mcp-method": "subscriptions/listen" },
    body: {
      id: n,
      method: "subscriptions/listen",
      params: {
        notifications: { toolsListChanged: true, resourceSubscriptions: ["fixture://web/one"] },
        _meta: { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} },
      },
    },
  });

/** What is left when nothing is under way, in MiB and in numbers. */
async function left() {
  for (let round = 0; round < 3; round++) {
    Bun.gc(true);
    await Bun.sleep(20);
  }
  const { heapSize, extraMemorySize, objectTypeCounts } = heapStats();
  return {
    heap: (heapSize + extraMemorySize) / 2 ** 20,
    resident: process.memoryUsage.rss() / 2 ** 20,
    timers: objectTypeCounts["Timeout"] ?? 0,
    sizes: { ...w.rooms.gateway.sizes(), watched: w.rooms.watch.size() },
  };
}
type Left = Awaited<ReturnType<typeof left>>;

async function isAsBefore(before: Left, after: Left): Promise<void> {
  expect(after.sizes).toEqual(before.sizes);
  expect(after.heap - before.heap).toBeLessThan(20);
  expect(after.timers).toBeLessThan(before.timers + 20);
  // The allocator takes its time.
  await w.until("memory is given back", async () => (await left()).resident - before.resident < 20);
}

/** A few at a time: each has a socket at this end, too. */
async function inTurn<T>(count: number, one: (n: number) => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let n = 0; n < count; n += 50)
    all.push(...(await Promise.all(Array.from({ length: Math.min(50, count - n) }, (_, i) => one(n + i)))));
  return all;
}

/** With SHOW=1: what one of so many costs. */
function show(what: string, from: Left, to: Left, count: number): void {
  const each = (unit: "heap" | "resident") => `${(((to[unit] - from[unit]) * 1024) / count).toFixed(1)} KiB`;
  if (process.env["SHOW"] !== undefined)
    console.log(`${what}: ${each("heap")} of heap each, ${each("resident")} resident`);
}

const allDropped = async () => {
  await w.until("what was dropped is noticed", () => w.rooms.watch.size() === 0);
  return await left();
};

/** A day later nobody has come back. */
async function dayLater(): Promise<Left> {
  w.advance(25 * 3_600_000);
  w.rooms.gateway.sweep();
  await w.until("servers are told what nobody follows any more", () => followed().length === 0);
  return await left();
}
const followed = () => [...web.conversations.values()].flatMap(({ followed: uris }) => [...uris]);

test("a thousand sessions that were opened and left, some listening, some having asked for more", async () => {
  const openAndLeave = async (count: number) => {
    const before = await left();
    const sockets = await inTurn(count, async (n) => {
      const session = await opened(n);
      return n % 4 === 0 ? await stream("GET", "/mcp", { headers: { "mcp-session-id": session } }) : undefined;
    });
    await w.until("those who listen are watched", () => w.rooms.watch.size() === Math.ceil(count / 4));
    const open = await left();
    expect(followed()).toEqual(["fixture://web/one"]);
    for (const socket of sockets) socket?.terminate();
    const dropped = await allDropped();
    show("open sessions", before, open, count);
    show("left sessions", before, dropped, count);
    return await dayLater();
  };
  const before = await openAndLeave(100);
  await isAsBefore(before, await openAndLeave(many));
}, 30_000);

test("sessions that ask for nothing are not remembered at all", async () => {
  const before = w.rooms.gateway.sizes();
  await inTurn(100, () => opened(1));
  expect(w.rooms.gateway.sizes()).toEqual(before);
});

test("a thousand streams that break off without a word", async () => {
  const kinds = [
    async (n: number) => await stream("GET", "/mcp", { headers: { "mcp-session-id": await opened(n) } }),
    listening,
    () => stream("GET", "/projects/all/sse"),
  ];
  const openAndDrop = async (count: number) => {
    const before = await left();
    const sockets = await inTurn(count, async (n) => await kinds[n % kinds.length]?.(n));
    await w.until("all are watched", () => w.rooms.watch.size() === count);
    const open = await left();
    for (const socket of sockets) socket?.terminate();
    const dropped = await allDropped();
    show("open streams", before, open, count);
    expect([dropped.sizes.streams, dropped.sizes.subscribers]).toEqual([0, 0]);
    return await dayLater();
  };
  const before = await openAndDrop(100);
  await isAsBefore(before, await openAndDrop(many));
}, 30_000);
