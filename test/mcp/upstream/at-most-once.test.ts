import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import { saysForgotten } from "../../../src/mcp/upstream/forgotten.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import {
  type Answer,
  type Arrived,
  json,
  legacyAnswer,
  modernAnswer,
  reply,
  startRawServer,
} from "../../servers/raw-server.ts";
import { call, opening, until } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function open(answer: Answer) {
  const server = await startRawServer(answer);
  closers.push(server.stop);
  const upstream = await openHttp({ url: server.url, headers: {} }, "auto", undefined, opening());
  closers.push(upstream.close);
  return { server, upstream };
}

const ends = (work: () => void): undefined => {
  work();
};

const isCall = ({ said }: Arrived, name: string) => said.params?.name === name;

describe.each([
  ["legacy", legacyAnswer],
  ["modern", modernAnswer],
] as const)("a call to a %s server that takes it and", (_, otherwise) => {
  test.each([
    ["closes the connection", ({ socket }) => ends(() => socket.end())],
    ["resets the connection", ({ socket }) => ends(() => socket.resetAndDestroy())],
    ["closes it within the headers", ({ socket }) => ends(() => socket.end("HTTP/1.1 200 OK\r\ncontent-le"))],
    ["closes it within the body", ({ socket }) => ends(() => socket.end(json({ jsonrpc: "2.0" }).slice(0, -3)))],
    ["answers 500", () => reply(500)],
    ["answers 503 and when to come again", () => reply(503, "", { "retry-after": "0" })],
    ["answers no HTTP", ({ socket }) => ends(() => socket.end("what?\r\n\r\n"))],
  ] as [string, Answer][])("%s is not sent again, over a kept connection or a new one", async (_how, fault) => {
    const { server, upstream } = await open((request) =>
      isCall(request, "first") || isCall(request, "second") ? fault(request) : otherwise(request),
    );
    // This one comes over the connection that is there, the other over one of its own.
    expect(await call(upstream, "first", {}).catch(() => "failed")).toBe("failed");
    expect(await call(upstream, "second", {}).catch(() => "failed")).toBe("failed");
    await Bun.sleep(350);
    expect([server.times("first"), server.times("second")]).toEqual([1, 1]);
  });
});

test("a connection that the server closes while it is idle, again and again, loses no call and doubles none", async () => {
  let closed = 0;
  const { server, upstream } = await open(async (request) => {
    const bytes = await modernAnswer(request);
    if (request.said.method !== "tools/call") return bytes;
    request.socket.write(bytes ?? "");
    setTimeout(() => {
      closed++;
      request.socket.end();
    }, 1);
    return undefined;
  });
  for (let i = 0; i < 200; i++) {
    expect(await call(upstream, `t${i}`, {})).toBe("ok");
    await until("it is closed", () => closed > i && server.open() === 0);
  }
  expect(Array.from({ length: 200 }, (_, i) => server.times(`t${i}`))).toEqual(Array(200).fill(1));
});

test("a server that is just being started again is tried for a second time, since nothing arrived", async () => {
  const { server, upstream } = await open(modernAnswer);
  server.stop();
  await until("it is gone", () => server.open() === 0);
  const calling = call(upstream, "x", {}).catch((error: Error) => error.message);
  const again = createServer((socket) =>
    socket.on("data", (data) => {
      const id = /"id":(\d+)/.exec(data.toString())?.[1];
      socket.write(json({ jsonrpc: "2.0", id: Number(id), result: { content: [{ type: "text", text: "back" }] } }));
    }),
  );
  await Bun.sleep(50);
  await new Promise<void>((resolve) => again.listen(server.port, "127.0.0.1", resolve));
  closers.push(() => again.close());
  expect(await calling).toBe("back");
});

test("a server that is gone is said to be, without its address", async () => {
  const { server, upstream } = await open(modernAnswer);
  server.stop();
  await until("it is gone", () => server.open() === 0);
  expect(await call(upstream, "x", {}).catch((error: Error) => error.message)).toBe(
    "it cannot be reached: nothing takes connections at its address",
  );
});

describe("a session that the server has forgotten", () => {
  const sayings = [
    [404, ""],
    [404, '{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}'],
    [400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: No valid session ID provided"}}'],
    [400, '{"jsonrpc":"2.0","id":"x","error":{"code":-32600,"message":"Missing session ID"}}'],
    [400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Server not initialized"}}'],
    [400, "Invalid session ID"],
    [400, '{"error":"invalid session"}'],
  ] as const;

  /** A server that knows a session until it is told to forget, and says so in its own way. */
  async function forgetting(status: number, body: string, forgetsAlways = false) {
    let current = 0;
    const session = () => `s${current}`;
    const { server, upstream } = await open(async (request) => {
      const { said, headers } = request;
      if (said.method === "initialize") {
        const bytes = (await legacyAnswer(request)) ?? "";
        return bytes.replace("mcp-session-id: s", `mcp-session-id: ${session()}`);
      }
      const isKnown = headers["mcp-session-id"] === session() && !(forgetsAlways && said.method === "tools/call");
      return isKnown || said.method === "server/discover" ? await legacyAnswer(request) : reply(status, body);
    });
    return { server, upstream, forget: () => void current++ };
  }

  test.each(sayings)("by %i %s is opened anew, and what was refused is sent once more", async (status, body) => {
    const { server, upstream, forget } = await forgetting(status, body);
    expect(await call(upstream, "before", {})).toBe("ok");
    forget();
    expect(await call(upstream, "after", {})).toBe("ok");
    expect([server.times("initialize"), server.times("after")]).toEqual([2, 2]);
    const all = await Promise.all(Array.from({ length: 20 }, () => call(upstream, "more", {})));
    expect([new Set(all), server.times("initialize")]).toEqual([new Set(["ok"]), 2]);
  });

  test("each time is given up after the second", async () => {
    const { server, upstream } = await forgetting(400, "no valid session", true);
    expect(await call(upstream, "x", {}).catch(String)).toContain("forgets each session at once");
    expect([server.times("initialize"), server.times("x")]).toEqual([2, 2]);
  });

  test.each([
    [400, '{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"session must be a string"}}'],
    [400, '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no such room"}}'],
    [400, "<html>Bad Request"],
    [401, "session expired"],
    [500, "session store is down"],
    [200, "session"],
  ])("is not what %i %s says", (status, body) => {
    expect(saysForgotten(status, body)).toBe(false);
  });

  test.each([
    [400, -32000, "the browser session has crashed"],
    [400, -32603, "the database is not initialized"],
    [404, -32001, "no such file"],
  ])(
    "is not what %i %i %s says under the call's own id: it was carried out, and is not sent again",
    async (status, code, message) => {
      const { server, upstream } = await open((request) =>
        isCall(request, "x")
          ? json({ jsonrpc: "2.0", id: request.said.id, error: { code, message } }, status)
          : legacyAnswer(request),
      );
      expect(await call(upstream, "x", {}).catch(String)).toContain(message);
      expect([server.times("initialize"), server.times("x")]).toEqual([1, 1]);
    },
  );

  test("is what 404 says of a session, whatever id it bears", () => {
    expect(
      saysForgotten(404, '{"jsonrpc":"2.0","id":7,"error":{"code":-32001,"message":"Session not found"}}', 7),
    ).toBe(true);
  });

  test("is not what an error with 400 says, which goes to the caller as it is", async () => {
    const { server, upstream } = await open((request) =>
      isCall(request, "x")
        ? json({ jsonrpc: "2.0", id: request.said.id, error: { code: -32602, message: "session is wrong" } }, 400)
        : legacyAnswer(request),
    );
    expect(await call(upstream, "x", {}).catch(String)).toContain('{"code":-32602,"message":"session is wrong"}');
    expect([server.times("initialize"), server.times("x")]).toEqual([1, 1]);
  });
});
