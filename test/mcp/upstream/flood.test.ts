import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../../src/instances/child.ts";
import { logRing } from "../../../src/instances/log-ring.ts";
import { createCounters } from "../../../src/lib/counters.ts";
import { Ending } from "../../../src/lib/ending.ts";
import { openHttp, openProcess, openSse } from "../../../src/mcp/upstream/negotiate.ts";
import type { Opening, Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { type ServerLimits, serverLimitsOf } from "../../../src/resources/limits.ts";
import { opening, peerOf } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Say = (text: string) => void;
/** What a server answers to a call, over any wire: text that it says again and again, or once. */
type Words = { again?: string; once?: (id: number) => string };

const initialized = (id: number) =>
  `{"jsonrpc":"2.0","id":${id},"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"x"}}}`;

/** Legacy SSE where `/sse` is opened, else Streamable HTTP whose calls are answered by streams. */
function flooder({ again, once }: Words) {
  const encoder = new TextEncoder();
  const pieces = again === undefined ? undefined : encoder.encode(`data: ${again}\n\n`.repeat(5_000));
  let say: Say = () => {};
  let isFlooding = false;
  const stream = (first: string, floods: () => boolean) =>
    new Response(
      new ReadableStream({
        type: "direct",
        async pull(controller: ReadableStreamDirectController) {
          say = (text) => void controller.write(`data: ${text}\n\n`);
          controller.write(first);
          await controller.flush();
          for (;;) {
            if (floods() && pieces !== undefined) controller.write(pieces);
            await controller.flush();
            await Bun.sleep(floods() ? 0 : 5);
          }
        },
      } as unknown as UnderlyingDefaultSource),
      { headers: { "content-type": "text/event-stream" } },
    );
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const isSse = new URL(request.url).pathname !== "/mcp";
      if (request.method === "GET")
        return isSse
          ? stream("event: endpoint\ndata: /sse\n\n", () => isFlooding)
          : new Response(null, { status: 405 });
      if (request.method !== "POST") return new Response(null, { status: 200 });
      const { id, method } = (await request.json()) as { id?: number; method?: string };
      if (id === undefined) return new Response(null, { status: 202 });
      if (method === "tools/call") isFlooding = true;
      const text = method === "initialize" ? initialized(id) : once?.(id);
      if (!isSse && method === "tools/call")
        return stream(text === undefined ? ": hi\n\n" : `data: ${text}\n\n`, () => true);
      if (!isSse) return new Response(text, { headers: { "content-type": "application/json" } });
      if (text !== undefined) say(text);
      return new Response(null, { status: 202 });
    },
  });
  closers.push(() => server.stop(true));
  return server.url.href;
}

/** The same over stdio: a shell that knows which lines it is sent. */
async function overStdio({ again, once }: Words, own: Opening): Promise<Upstream> {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-flood-"));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const answer = (id: number) => `echo '${initialized(id)}'`;
  const flood = again === undefined ? `cat ${home}/answer` : `yes '${again}'`;
  if (once !== undefined) await Bun.write(`${home}/answer`, `${once(2)}\n`);
  const script = `read a; ${answer(1)}; read b; read c; ${flood}; sleep 60`;
  const { lineBytes, messageBytes } = own.limits;
  const child = startChild({
    command: ["sh", "-c", script],
    asBun: false,
    env: { PATH: process.env["PATH"] ?? "" },
    log: logRing(),
    dataDir: home,
    instance: "flood-1",
    lineBytes: Math.max(lineBytes, messageBytes),
  });
  closers.push(() => child.stop(true));
  return await openProcess(child, "legacy", undefined, own);
}

const ways: Record<string, (words: Words, own: Opening) => Promise<Upstream>> = {
  stdio: overStdio,
  "Streamable HTTP": (words, own) => openHttp({ url: `${flooder(words)}mcp`, headers: {} }, "legacy", undefined, own),
  SSE: (words, own) => openSse({ url: `${flooder(words)}sse`, headers: {} }, own),
};

function bounded(limits: Partial<ServerLimits> = {}) {
  const counters = createCounters();
  return { counters, own: opening({ limits: serverLimitsOf({ limits }), meter: counters.of("x") }) };
}

async function calling(way: string, words: Words, limits: Partial<ServerLimits> = {}) {
  const { own, counters } = bounded(limits);
  const upstream = await (ways[way] as (typeof ways)[string])(words, own);
  const peer = peerOf("User:a", { logLevel: "debug" });
  const leaving = new Ending();
  const asked = upstream.request("tools/call", "{}", { peer, ending: leaving }).catch((why: Error) => why.message);
  closers.push(upstream.close);
  return { asked, peer, counters, leave: () => leaving.end() };
}

test.each(Object.keys(ways))("a flood of messages over %s leaves everybody else their turns", async (way) => {
  const { counters, leave } = await calling(way, {
    again: '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}',
  });
  const dropped = () => counters.total("notifications_dropped");
  while (dropped() < 1_000) await Bun.sleep(5);
  // How many come between two turns of ours, however slow this machine is.
  const between: number[] = [];
  for (let n = 0; n < 50; n++) {
    const before = dropped();
    await new Promise((resolve) => setImmediate(resolve));
    between.push(dropped() - before);
  }
  leave();
  expect(Math.max(...between)).toBeLessThanOrEqual(2 * 256);
});

test.each(Object.keys(ways))("of a flood over %s so many are passed on as the limit says", async (way) => {
  const { peer, counters, leave } = await calling(
    way,
    { again: '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}' },
    { notificationsPerSecond: 7 },
  );
  const from = performance.now();
  while (counters.total("notifications_dropped") < 1_000) await Bun.sleep(5);
  const seconds = Math.ceil((performance.now() - from) / 1_000) + 1;
  leave();
  expect(peer.heard.length).toBeGreaterThanOrEqual(7);
  expect(peer.heard.length).toBeLessThanOrEqual(7 * (seconds + 1));
});

test.each(Object.keys(ways))(
  "an answer over %s that is too big fails its call at once, saying which bound",
  async (way) => {
    const big = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"x":"${"x".repeat(20_000)}"}}`;
    const { asked, counters } = await calling(way, { once: big }, { messageBytes: 10_240 });
    expect(await asked).toBe("its message is over 10 KiB; limits.messageBytes of the server sets this");
    expect(counters.total("messages_refused")).toBe(1);
  },
);

test.each(Object.keys(ways))("a line or event over %s that is too long fails its call at once", async (way) => {
  const big = (id: number) => `{"jsonrpc":"2.0","id":${id},"result":{"x":"${"x".repeat(200_000)}"}}`;
  const { asked, counters } = await calling(way, { once: big }, { messageBytes: 10_240, lineBytes: 20_480 });
  expect(await asked).toContain("of over 20 KiB; limits.lineBytes of the server sets this");
  expect(counters.total("messages_refused") + counters.total("lines_too_long")).toBeGreaterThan(0);
});
