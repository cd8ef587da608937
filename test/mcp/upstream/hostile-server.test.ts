import { afterEach, expect, test } from "bun:test";
import { modernVersion } from "../../../src/mcp/protocol.ts";
import type { Protocol } from "../../../src/mcp/upstream/negotiate.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import { opening, peerOf } from "./ways.ts";

// What no SDK would say: a server of somebody else's that means harm, or is only written badly.
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Said = { id?: number; method?: string };
type Answering = (said: Said, request: Request) => Response | object | undefined;

async function open(protocol: Protocol, answer: Answering) {
  const seen: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const said = request.method === "POST" ? ((await request.json()) as Said) : {};
      seen.push(said.method ?? (request.method === "POST" ? "an answer" : request.method));
      const answered = answer(said, request);
      if (answered instanceof Response) return answered;
      if (answered === undefined) return new Response(null, { status: request.method === "POST" ? 202 : 405 });
      return Response.json({ jsonrpc: "2.0", id: said.id, ...answered }, { headers: { "mcp-session-id": "s" } });
    },
  });
  closers.push(() => server.stop(true));
  const upstream = await openHttp({ url: server.url.href, headers: {} }, protocol, undefined, opening());
  closers.push(upstream.close);
  return { upstream, seen, times: (what: string) => seen.filter((one) => one === what).length };
}

const initialized = { result: { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "x" } } };
const discovered = {
  result: { supportedVersions: [modernVersion], capabilities: { tools: { listChanged: true } } },
};

test.each([{ error: null }, { error: "no" }, { result: null }, { result: [] }, { result: 5, error: null }])(
  "%j is no answer, and ends nothing but the request",
  async (nothing) => {
    // What rejects with nobody waiting for it would end the whole process: the stream of changes is such a thing.
    const { upstream, times } = await open("modern", ({ method }) =>
      method === "server/discover" ? discovered : nothing,
    );
    await expect(upstream.request("tools/call", '{"name":"x"}')).rejects.toThrow("neither result nor error");
    await Bun.sleep(20);
    expect(times("subscriptions/listen")).toBe(1);
  },
);

test("a result stands beside an error that is none", async () => {
  const { upstream } = await open("modern", ({ method }) =>
    method === "server/discover" ? discovered : { result: { content: [] }, error: null },
  );
  expect(await upstream.request("tools/call", '{"name":"x"}')).toMatchObject({ result: '{"content":[]}' });
});

test("404 for a stream that the server never had is no session that it forgot", async () => {
  const { times } = await open("legacy", ({ method }, request) => {
    if (request.method === "GET") return new Response("Cannot GET /mcp", { status: 404 });
    return method === "initialize" ? initialized : undefined;
  });
  await Bun.sleep(100);
  expect([times("initialize"), times("GET")]).toEqual([1, 1]);
});

test("a stream that ends at once and asks for no pause is not taken up again without one", async () => {
  const { times } = await open("legacy", ({ method }, request) => {
    if (request.method === "GET")
      return new Response("retry: 0\nid: 1\ndata:\n\n", { headers: { "content-type": "text/event-stream" } });
    return method === "initialize" ? initialized : undefined;
  });
  await Bun.sleep(200);
  expect(times("GET")).toBeLessThan(6);
});

test("questions without end get no more answers at once than the server takes", async () => {
  const flood = Array.from({ length: 2_000 }, (_, id) => `data: {"jsonrpc":"2.0","id":${id},"method":"ping"}\n\n`);
  const { upstream, times } = await open("legacy", ({ id, method }, request) => {
    if (method === "initialize") return initialized;
    if (method === "tools/call")
      return new Response(`${flood.join("")}data: {"jsonrpc":"2.0","id":${id},"result":{}}\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    if (request.method === "GET" || method !== undefined) return undefined;
    return new Response(new ReadableStream({ start: () => {} }));
  });
  await upstream.request("tools/call", "{}", { peer: peerOf("User:a") });
  await Bun.sleep(50);
  expect(times("an answer")).toBeLessThanOrEqual(128);
});
