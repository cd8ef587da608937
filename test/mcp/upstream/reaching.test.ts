import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { endingAfter } from "../../../src/lib/wheel.ts";
import { createEgress } from "../../../src/mcp/upstream/egress.ts";
import { type HttpTarget, httpClient } from "../../../src/mcp/upstream/http-client.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import type { Lookup } from "../../../src/mcp/upstream/resolver.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { modernAnswer, reply, startRawServer } from "../../servers/raw-server.ts";
import { call, opening } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(answer = modernAnswer) {
  const server = await startRawServer(answer);
  closers.push(server.stop);
  return server;
}

/** Names lead where the test says at that moment. */
function world(lookup: Lookup, isProxied = false) {
  let now = 0;
  const asked: string[] = [];
  const egress = createEgress({ now: () => now }, isProxied, async (name) => {
    asked.push(name);
    return await lookup(name);
  });
  const client = (url: string, more: Partial<HttpTarget> = {}) =>
    httpClient({ url, headers: {}, server: "wiki", egress, ...more }, serverLimitsOf({}));
  const get = async (url: string, more: Partial<HttpTarget> = {}) => {
    const http = client(url, more);
    return await http.reach({ method: "GET", fields: http.fields({}), ending: endingAfter(5_000), opens: true }).then(
      (answer) => answer.text(10_000),
      (error: Error) => error.message,
    );
  };
  const advance = (ms: number) => {
    now += ms;
  };
  return { egress, asked, get, advance };
}

const text = async () => reply(200, "here");

describe("a name that leads to a private address", () => {
  test("is refused before anything is sent; who, what and the next command are said, and not which address", async () => {
    const server = await serve(text);
    const { get } = world(async () => ["127.0.0.1"]);
    expect(await get(`http://name.test:${server.port}/`)).toBe(
      "its `url` is a name that leads to a private address, which is not reached; if that is meant: mcpctl edit server wiki, and set `allowPrivate: true`",
    );
    expect(server.connections()).toBe(0);
  });

  test("is refused for one such address among others", async () => {
    const { get } = world(async () => ["93.184.216.34", "10.0.0.1"]);
    expect(await get("http://name.test/")).toContain("leads to a private address");
  });

  test("is reached where the server says so, by the name it has", async () => {
    const server = await serve(text);
    const { get, asked } = world(async () => ["127.0.0.1"]);
    expect(await get(`http://Name.Test.:${server.port}/x`, { allowPrivate: true })).toBe("here");
    expect([server.arrived[0]?.headers["host"], asked]).toEqual([`name.test.:${server.port}`, ["name.test"]]);
  });

  test("is refused from the next look on when it led elsewhere before", async () => {
    let leads = ["127.0.0.1"];
    const server = await serve(text);
    const { get, advance, asked } = world(async () => leads);
    const url = `http://name.test:${server.port}/`;
    const may = { allowPrivate: true };
    expect(await get(url, may)).toBe("here");
    leads = ["127.0.0.2"];
    // It was judged, and is connected to without asking again: a flip in between changes nothing.
    expect(await get(url, may)).toBe("here");
    expect(await get(url)).toContain("private address");
    expect([asked.length, server.connections()]).toEqual([1, 1]);
    advance(31_000);
    leads = ["127.0.0.1", "169.254.169.254"];
    expect(await get(url)).toContain("private address");
    expect(asked).toHaveLength(2);
  });
});

describe("an address that is written", () => {
  test.each(["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST"])(
    "%s is what was meant, and is not asked for",
    async (host) => {
      const server = await serve(text);
      const { get, asked } = world(async () => ["10.0.0.1"]);
      expect(await get(`http://${host}:${server.port}/`)).toBe("here");
      expect(asked).toEqual([]);
    },
  );

  test.each([
    "http://169.254.169.254/latest/",
    "http://0xa9fea9fe/",
    "http://[::ffff:169.254.169.254]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
  ])("%s is not, since clouds tell credentials there", async (url) => {
    const { get } = world(async () => []);
    expect(await get(url)).toContain("is an address at which clouds tell credentials");
  });
});

test("a token's issuer is judged like the server, and nothing is sent without a token", async () => {
  const server = await serve(text);
  const { get } = world(async () => ["127.0.0.1"]);
  const oauth = { tokenUrl: `http://issuer.test:${server.port}/`, clientId: "c", clientSecret: "s" };
  expect(await get(server.url, { oauth })).toContain("its `oauth.tokenUrl` is a name that leads to a private address");
  expect(server.connections()).toBe(0);
});

test("names are looked up once, however many wait, and what nothing answers at comes last from then on", async () => {
  const server = await serve(text);
  const { get, asked } = world(async () => {
    await Bun.sleep(20);
    // Nothing listens at the first, and what did not arrive may go to the next.
    return ["127.9.9.9", "127.0.0.1"];
  });
  const url = `http://name.test:${server.port}/`;
  const all = await Promise.all(Array.from({ length: 20 }, () => get(url, { allowPrivate: true })));
  expect([new Set(all), asked]).toEqual([new Set(["here"]), ["name.test"]]);
});

test.each([
  ["cannot be resolved", async () => Promise.reject(new Error("ENOTFOUND"))],
  ["leads to no address", async () => []],
])("a name that %s is said to, and asked for again", async (why, lookup) => {
  const { get, asked } = world(lookup);
  expect(await get("http://name.test/")).toContain(why);
  await get("http://name.test/");
  expect(asked).toHaveLength(2);
});

test("where a proxy connects in our place names are its own matter, addresses are not", async () => {
  const { get, asked } = world(async () => ["127.0.0.1"], true);
  expect(await get("http://name.invalid:9/")).toContain("cannot be reached");
  expect(await get("http://169.254.169.254/")).toContain("clouds tell credentials");
  expect(asked).toEqual([]);
});

test("a hundred calls one after the other are one connection, by name too", async () => {
  const server = await serve();
  const { egress } = world(async () => ["127.0.0.1"]);
  const target = { url: `http://name.test:${server.port}/mcp`, headers: {}, allowPrivate: true, egress };
  const upstream = await openHttp(target, "auto", undefined, opening());
  closers.push(upstream.close);
  for (let i = 0; i < 100; i++) expect(await call(upstream, "x", {})).toBe("ok");
  expect([server.times("tools/call"), server.connections()]).toEqual([100, 1]);
});

/** A port at which the system takes no more connections: its queue is full, and what comes is dropped without a word. */
async function blackHole(): Promise<number> {
  const release = new Int32Array(new SharedArrayBuffer(4));
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    const server = require("node:net").createServer(() => {}).listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      parentPort.postMessage(server.address().port);
      setTimeout(() => Atomics.wait(workerData, 0, 0), 50);
    });`;
  const worker = new Worker(code, { eval: true, workerData: release });
  const [port] = (await once(worker, "message")) as [number];
  await Bun.sleep(100);
  const held: Socket[] = [];
  closers.push(async () => {
    for (const socket of held) socket.destroy();
    Atomics.store(release, 0, 1);
    Atomics.notify(release, 0);
    await worker.terminate();
  });
  for (let isFull = false; !isFull; ) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    held.push(socket);
    isFull = await Promise.race([once(socket, "connect").then(() => false), Bun.sleep(300).then(() => true)]);
    if (held.length > 2_000) throw new Error("its queue is never full");
  }
  return port;
}

test("where packets are lost a conversation is not waited for longer than a connection may take", async () => {
  const port = await blackHole();
  const limits = { ...serverLimitsOf({}), connectSeconds: 1, initializeSeconds: 30 };
  const begun = performance.now();
  const target = { url: `http://127.0.0.1:${port}/mcp`, headers: {} };
  expect(await openHttp(target, "auto", undefined, opening({ limits })).catch(String)).toContain(
    "it cannot be reached: no connection within 1 s",
  );
  // Far from the 30 s of an introduction.
  expect(performance.now() - begun).toBeLessThan(15_000);
}, 30_000);

test("a server that takes its time is not taken for one that is not there", async () => {
  const server = await serve(async (request) => {
    await Bun.sleep(1_500);
    return await modernAnswer(request);
  });
  const limits = { ...serverLimitsOf({}), connectSeconds: 1 };
  const upstream = await openHttp({ url: server.url, headers: {} }, "auto", undefined, opening({ limits }));
  closers.push(upstream.close);
  expect(upstream.era).toBe("modern");
});
