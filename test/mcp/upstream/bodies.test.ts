import { afterEach, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { Ending } from "../../../src/lib/ending.ts";
import { createEgress } from "../../../src/mcp/upstream/egress.ts";
import { openHttp, openSse } from "../../../src/mcp/upstream/negotiate.ts";
import type { Upstream } from "../../../src/mcp/upstream/upstream.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { type Answer, legacyAnswer, modernAnswer, reply, startRawServer } from "../../servers/raw-server.ts";
import { call, opening, until } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(answer: Answer) {
  const server = await startRawServer((request) =>
    request.said.method === "tools/call" ? answer(request) : modernAnswer(request),
  );
  closers.push(server.stop);
  const upstream = await openHttp({ url: server.url, headers: {} }, "auto", undefined, opening());
  closers.push(upstream.close);
  return { server, upstream };
}

describe("an answer", () => {
  test("that is long, on an event stream, has the next one wait for nothing but what is done with it", async () => {
    const rows = Array.from({ length: 9_000 }, (_, n) => ({ n, by: ['a "w" {[,', null], text: "x".repeat(60) }));
    const { upstream } = await open(({ said: { id } }) => {
      const result = { content: [], structuredContent: { rows }, resultType: "complete" };
      const headers = { "content-type": "text/event-stream" };
      return reply(200, `data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`, headers);
    });
    await Promise.all(Array.from({ length: 8 }, () => upstream.request("tools/call", "{}")));
    const from = performance.now();
    await upstream.request("tools/call", "{}");
    // It was eight seconds once, as each had waited for all others and was charged for it.
    expect(performance.now() - from).toBeLessThan(2_000);
  }, 20_000);

  test.each(["application/json", "text/event-stream"])(
    "that is long (%s) is waited for until it is read",
    async (type) => {
      const result = { content: [], structuredContent: Array.from({ length: 9_000 }, (_, n) => `${n} `.repeat(50)) };
      const { upstream } = await open(({ said, socket }) => {
        const text = JSON.stringify({ jsonrpc: "2.0", id: said.id, result: { ...result, resultType: "complete" } });
        const body = type === "application/json" ? text : `data: ${text}\n\n`;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
        return undefined;
      });
      expect(await upstream.request("tools/call", "{}")).toMatchObject({ result: JSON.stringify(result) });
    },
  );

  test.each(["application/json", "text/event-stream"])(
    "of little that becomes much (%s) is as big as what it becomes",
    async (type) => {
      const start = type === "application/json" ? '{"jsonrpc":"2.0","result":"' : "data: ";
      const bomb = gzipSync(Buffer.concat([Buffer.from(start), Buffer.alloc(64 * 1024 * 1024, "x")]));
      expect(bomb.length).toBeLessThan(300_000);
      const { upstream } = await open(({ socket }) => {
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`,
        );
        socket.write(bomb);
        return undefined;
      });
      const before = process.memoryUsage().rss;
      expect(await call(upstream, "x", {}).catch(String)).toMatch(
        /its answer is over 4 MiB|an event of over 10 MiB|broke off/,
      );
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    },
  );

  test.each([
    ["application/json", `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n`],
    ["text/event-stream", `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n`],
    ["headers", "HTTP/1.1 200 OK\r\nx-long:"],
  ])("that comes byte for byte (%s) ends with its time, and so does its connection", async (_, head) => {
    const { server, upstream } = await open(({ socket }) => {
      socket.write(head);
      const drip = setInterval(() => socket.write(" "), 20);
      socket.on("close", () => clearInterval(drip));
      return undefined;
    });
    expect(await call(upstream, "x", {}, { timeoutMs: 300 }).catch(String)).toContain("no answer within 0.3 s");
    await until("the connection is let go of", () => server.open() === 0);
  });

  test("that asks for a cookie gets none", async () => {
    const { server, upstream } = await open(async (request) =>
      ((await modernAnswer(request)) ?? "").replace("\r\n", "\r\nset-cookie: who=you; path=/\r\n"),
    );
    await call(upstream, "x", {});
    await call(upstream, "x", {});
    expect(server.arrived.filter(({ headers }) => headers["cookie"] !== undefined)).toEqual([]);
  });

  test("of a page says what it is not", async () => {
    const { upstream } = await open(() => reply(200, "<h1>Log in", { "content-type": "text/html" }));
    expect(await call(upstream, "x", {}).catch(String)).toContain("HTTP 200 and no JSON-RPC");
  });
});

/** A call whose caller goes away. */
async function takenBack(upstream: Upstream): Promise<void> {
  const leaving = new Ending();
  const calling = call(upstream, "x", {}, { ending: leaving }).catch(() => {});
  await Bun.sleep(5 + Math.random() * 20);
  leaving.end();
  await calling;
}

describe("of a thousand calls that are taken back no connection stays", () => {
  const limits = { ...serverLimitsOf({}), inFlight: 200 };
  const many = async (work: () => Promise<unknown>, isOver: () => boolean) => {
    for (let done = 0; done < 1_000; done += 100) {
      await Promise.all(Array.from({ length: 100 }, work));
      await until("what was taken back is closed", isOver);
    }
  };

  test("modern, whose streams are closed", async () => {
    const { server, upstream } = await open(({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: hello\n\n");
      return undefined;
    });
    await many(
      () => takenBack(upstream),
      () => server.open() <= 1,
    );
    upstream.close();
    await until("none is left", () => server.open() === 0);
  }, 30_000);

  // What is kept for the next call is never more than were under way at once: those taken back, and those that tell of it.
  test("legacy, whose server is told", async () => {
    const server = await startRawServer((request) => {
      if (request.said.method !== "tools/call") return legacyAnswer(request);
      request.socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nid: 1\ndata:\n\n");
      return undefined;
    });
    closers.push(server.stop);
    const upstream = await openHttp({ url: server.url, headers: {} }, "legacy", undefined, opening({ limits }));
    closers.push(upstream.close);
    await many(
      () => takenBack(upstream),
      () => server.open() <= 200,
    );
  }, 30_000);

  test("SSE, whose streams end with the conversation", async () => {
    const server = await startRawServer(({ socket, verb, said: { id } }) => {
      if (verb === "POST") return reply(id === undefined ? 202 : 404);
      socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: endpoint\ndata: /m\n\n");
      return undefined;
    });
    closers.push(server.stop);
    const egress = createEgress({ now: () => 0 }, false);
    for (let i = 0; i < 100; i++)
      expect(await openSse({ url: server.url, headers: {}, egress }, opening()).catch(String)).toContain("HTTP 404");
    const streams = () => server.arrived.filter(({ verb, socket }) => verb === "GET" && !socket.destroyed).length;
    await until("no stream is left", () => streams() === 0);
    expect(server.open()).toBeLessThanOrEqual(1);
  });
});
