import { afterEach, describe, expect, test } from "bun:test";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { Ending } from "../../../../src/lib/ending.ts";
import type { Text } from "../../../../src/mcp/json-rpc.ts";
import { type Answer, type Asker, answerTo, each } from "../../../../src/mcp/upstream/http1/answer.ts";
import { createPool } from "../../../../src/mcp/upstream/http1/pool.ts";
import { bytesOf, fieldsOf, targetOf } from "../../../../src/mcp/upstream/http1/request.ts";
import { type Arrived, type Answer as Raw, reply, startRawServer } from "../../../servers/raw-server.ts";
import { until } from "../ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(answer: Raw) {
  const server = await startRawServer(answer);
  closers.push(server.stop);
  const pool = createPool();
  const url = new URL(server.url);
  const to = { hostname: "127.0.0.1", port: server.port, tls: undefined, key: "x" };
  const send = (asker: Asker, body: Text = "b", ending = new Ending(), record = {}): void => {
    const bytes = bytesOf(targetOf(url), { method: "POST", fields: fieldsOf(record), body, ending });
    pool.send(to, bytes, ending, 1_000, asker);
  };
  const ask = (body?: Text, ending?: Ending, record?: Record<string, string>): Promise<Answer> =>
    answerTo((asker) => send(asker, body, ending, record));
  const text = (body?: string) => ask(body).then((answer) => answer.text(10_000_000));
  return { server, send, ask, text };
}

const said =
  (bytes: string | Buffer, then: (request: Arrived) => unknown = () => {}): Raw =>
  (request) => {
    request.socket.write(bytes);
    then(request);
    return undefined;
  };

describe("connections", () => {
  test("are as many as there are requests at once, each used again, and none is opened anew", async () => {
    const { server, text } = await serve(async () => {
      await Bun.sleep(1);
      return reply(200, "here");
    });
    const caller = async () => {
      for (let n = 0; n < 10; n++) expect(await text()).toBe("here");
    };
    await Promise.all(Array.from({ length: 200 }, caller));
    expect(server.connections()).toBeLessThanOrEqual(200);
    expect(server.arrived).toHaveLength(2_000);
  });

  test("are free for the next request by the time that an answer which came whole is handed on", async () => {
    const { server, send } = await serve(({ body }) => reply(200, `to ${body}`));
    const heard: (string | undefined)[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = (n: number): void =>
      send(
        {
          answered(answer) {
            heard.push(answer.atOnce?.(10));
            if (n < 20) next(n + 1);
            else resolve();
          },
          failed: reject,
        },
        String(n),
      );
    next(1);
    await promise;
    expect(heard).toEqual(Array.from({ length: 20 }, (_, n) => `to ${n + 1}`));
    expect(server.connections()).toBe(1);
  });

  /** One request from within the answer to the one before, twenty times. */
  async function inARow(bytes: string) {
    const { server, send } = await serve(said(bytes));
    const heard: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const next = (): void =>
      send({
        failed: reject,
        answered: (answer) =>
          answer.read({
            take(chunk) {
              heard.push(chunk.toString());
              if (heard.length < 20) next();
              else resolve();
              return undefined;
            },
            over: () => {},
          }),
      });
    next();
    await promise;
    return { heard: new Set(heard), connections: server.connections() };
  }
  const inChunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhere\r\n0\r\n\r\n";

  test("are free as well by the time that the chunks of an answer are handed on, where all came together", async () => {
    expect(await inARow(inChunks)).toEqual({ heard: new Set(["here"]), connections: 1 });
  });

  test("are not used again from within an answer with something behind it, which is nobody's answer", async () => {
    const evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    expect(await inARow(inChunks + evil)).toEqual({ heard: new Set(["here"]), connections: 20 });
  });

  test("are ended before the server says it would", async () => {
    const { server, text } = await serve(() => reply(200, "here", { "keep-alive": "max=9, timeout=1" }));
    await text();
    await Bun.sleep(20);
    await text();
    // It says one second, and one second before that is at once.
    expect(server.connections()).toBe(2);
    await until("it is ended", () => server.open() === 0);
  });

  test("that are idle for too long are ended without a reset", async () => {
    const events: string[] = [];
    const { text } = await serve(
      said(reply(200, "here", { "keep-alive": "timeout=1" }), ({ socket }) => {
        for (const event of ["end", "error", "close"]) socket.on(event, () => void events.push(event));
      }),
    );
    await text();
    await until("it is ended", () => events.includes("close"));
    expect(events).toEqual(["end", "close"]);
  });

  test.each([
    ["says that it ends", reply(200, "here", { connection: "close" })],
    ["says more than it was asked for", `${reply(200, "here")}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil`],
  ])("are not used again when the other side %s", async (_, bytes) => {
    const { server, text } = await serve(said(bytes));
    expect([await text(), await text()]).toEqual(["here", "here"]);
    expect(server.connections()).toBe(2);
  });

  test("over which something comes that nobody asked for are ended, and it is nobody's answer", async () => {
    const { server, text } = await serve(
      said(reply(200, "here"), ({ socket, connection }) => {
        if (connection === 1) setTimeout(() => socket.write(reply(200, "evil")), 20);
      }),
    );
    expect(await text()).toBe("here");
    await until("it is ended", () => server.open() === 0);
    expect(await text()).toBe("here");
  });

  test("whose answer is not wanted any more are ended, before and behind the head", async () => {
    const { server, ask } = await serve(({ body, socket }) => {
      if (body === "head") socket.write("HTTP/1.1 200 OK\r\n\r\nstart");
      return undefined;
    });
    const ending = new Ending();
    const waiting = ask("nothing", ending).catch((error: Error) => error.message);
    await until("it came", () => server.arrived.length === 1);
    ending.end();
    expect(await waiting).toBe("it cannot be reached");
    const later = new Ending();
    const reading = (await ask("head", later)).text(1_000).catch(() => "broke off");
    later.end();
    // Its body is one that lasts until the end, and this is none that the server made.
    expect(await reading).toBe("broke off");
    (await ask("head")).letGo();
    await until("all are ended", () => server.open() === 0);
  });

  test("are not used again while the server has not taken all of a request", async () => {
    const { server, text } = await serve(() => reply(200, "here"));
    const large = "ü".repeat(4_000_000);
    expect(await text(large)).toBe("here");
    expect(server.arrived[0]?.body).toBe(large);
  });
});

describe("a body", () => {
  test("in many pieces, characters cut, is one text", async () => {
    const body = "grün €😀 ".repeat(2_000);
    const bytes = Buffer.from(body);
    const { text } = await serve(async ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
      for (let at = 0; at < bytes.length; at += 777) {
        const piece = bytes.subarray(at, at + 777);
        socket.write(`${piece.length.toString(16)}\r\n`);
        socket.write(piece);
        socket.write("\r\n");
        if (at % 3 === 0) await Bun.sleep(0);
      }
      return "0\r\n\r\n";
    });
    expect(await text()).toBe(body);
  });

  test("longer than its bound is not read, whether it says so or not", async () => {
    const { server, ask } = await serve(({ body }) =>
      body === "length" ? reply(200, "x".repeat(2_000)) : `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(2_000)}`,
    );
    expect([await (await ask("length")).text(1_999), await (await ask("none")).text(1_999)]).toEqual([
      undefined,
      undefined,
    ]);
    await until("both are ended", () => server.open() === 0);
  });

  test("waits for a slow reader where it comes from", async () => {
    let sent = 0;
    const { ask } = await serve(async ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      for (let n = 0; n < 160; n++) {
        if (!socket.write("x".repeat(256 * 1024))) await new Promise((resolve) => socket.once("drain", resolve));
        sent += 256 * 1024;
      }
      socket.end();
      return undefined;
    });
    let read = 0;
    const before = process.memoryUsage().rss;
    const gate = Promise.withResolvers<void>();
    const reading = each(await ask(), (bytes) => {
      read += bytes.length;
      return gate.promise;
    });
    await Bun.sleep(300);
    expect(sent).toBeLessThan(25 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    gate.resolve();
    await reading;
    expect(read).toBe(160 * 256 * 1024);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("that was compressed all the same (%s) is what it was", async (coding, compress) => {
    const bytes = compress("what was said ".repeat(9_000));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bytes.length}\r\n\r\n`;
    const { ask } = await serve(said(Buffer.concat([Buffer.from(head), bytes])));
    expect(await (await ask()).text(126_000)).toBe("what was said ".repeat(9_000));
    expect(await (await ask()).text(125_999)).toBeUndefined();
  });

  test.each([
    ["zstd", "x", "compressed in a way that is not known"],
    ["gzip", "no gzip at all", ""],
    ["gzip", gzipSync("cut".repeat(999)).subarray(0, 20).toString("latin1"), ""],
  ])("that is no %s is an error", async (coding, body, why) => {
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${body.length}\r\n\r\n`;
    const { text } = await serve(said(Buffer.from(head + body, "latin1")));
    expect(String(await text().catch((error: Error) => `failed: ${error.message}`))).toContain(
      `failed: ${why && "its answer is "}${why}`,
    );
  });
});

describe("what is sent", () => {
  test.each(["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b", "a€"])("holds no %j", (value) => {
    expect(() => fieldsOf({ authorization: value })).toThrow("or another character that no header can carry");
  });

  test.each(["a b", "a:b", "", "a\r\nb"])("has no field called %j", (name) => {
    expect(() => fieldsOf({ [name]: "x" })).toThrow("no header can carry");
  });

  test("goes in pieces where it is long, with turns for others, and the connection is used again", async () => {
    const { server, ask } = await serve(({ body }) => reply(200, body.length < 100 ? body : "long"));
    const text = "😀x字".repeat(700_000);
    const pieces = ["a", "", text, Buffer.from(text), "z"];
    let turns = 0;
    const others = setInterval(() => turns++, 1);
    await ask(pieces);
    clearInterval(others);
    expect(server.arrived[0]?.body === `a${text}${text}z`).toBe(true);
    expect(turns).toBeGreaterThan(3);
    expect(await (await ask("short")).text(10)).toBe("short");
    expect(server.connections()).toBe(1);
  });

  test("is not gone on with where it was answered too early, and nothing else goes over that connection", async () => {
    let connections = 0;
    const early = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: () => void connections++,
        data: (socket) => {
          socket.pause();
          socket.write("HTTP/1.1 413 X\r\ncontent-length: 0\r\n\r\n");
        },
      },
    });
    closers.push(() => early.stop(true));
    const pool = createPool();
    const to = { hostname: "127.0.0.1", port: early.port, tls: undefined, key: "x" };
    const ask = (body: Text) => {
      const request = { method: "POST", fields: fieldsOf({}), body, ending: new Ending() };
      const bytes = bytesOf({ path: "/", host: "x" }, request);
      return answerTo((asker) => pool.send(to, bytes, request.ending, 1_000, asker));
    };
    expect((await ask(["", Buffer.alloc(30_000_000)])).status).toBe(413);
    expect((await ask("next")).status).toBe(413);
    expect(connections).toBe(2);
  });

  test("says of the connection what is ours to say, once", async () => {
    const { server, ask } = await serve(() => reply(200));
    const theirs = {
      "content-length": "99",
      "transfer-encoding": "chunked",
      connection: "close",
      host: "other.test",
      "x-own": " grün ",
    };
    await ask("€", new Ending(), theirs);
    expect(server.arrived[0]?.headers).toEqual({
      host: "other.test",
      "user-agent": expect.stringContaining("mcpctl/"),
      "accept-encoding": "identity",
      "x-own": "grün",
      "content-length": "3",
    });
    expect(server.arrived[0]?.body).toBe("€");
  });
});
