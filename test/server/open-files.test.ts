import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilNextLook } from "../../src/server/door-keeper.ts";
import { openFiles } from "../../src/server/open-files.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

test("files are scarce before they run out, whatever the limit", () => {
  for (const [limit, scarce, out] of [
    [64, 32, 56],
    [128, 96, 120],
    [1_024, 896, 992],
    [1_048_576, 1_047_552, 1_048_320],
  ] as const) {
    const at = (count: number) => openFiles(limit, () => count);
    expect([at(scarce - 1).isScarce(), at(scarce).isScarce()]).toEqual([false, true]);
    expect([at(out - 1).isOut(), at(out).isOut()]).toEqual([false, true]);
  }
  expect(openFiles().count()).toBeGreaterThan(2);
  expect(openFiles(Number.POSITIVE_INFINITY).isScarce()).toBe(false);
});

test("the door is looked at ten times a second where files are few, and once where there is room for long", () => {
  const after = (limit: number, open: number) => untilNextLook({ limit, count: () => open });
  expect([after(1_024, 20), after(20_000, 14_000), after(20_000, 20), after(20_000, 19_500)]).toEqual([
    100, 600, 1_000, 100,
  ]);
  expect([after(1_024, Number.POSITIVE_INFINITY), after(Number.POSITIVE_INFINITY, 20)]).toEqual([100, 1_000]);
});

/** The program itself, with so few files that clients can use them up. */
async function serveWith(files: number) {
  const home = mkdtempSync(join(tmpdir(), "mcpctl-files-"));
  closers.push(() => rmSync(home, { recursive: true, force: true }));
  const main = join(import.meta.dir, "../../src/main.ts");
  const command = `ulimit -n ${files}; exec ${process.execPath} ${main} serve --port 0 --data-dir ${home}/data`;
  const child = Bun.spawn(["sh", "-c", command], {
    env: { HOME: home, PATH: process.env["PATH"] ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  closers.push(async () => {
    child.kill("SIGKILL");
    await child.exited;
  });
  let said = "";
  const hear = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) said += new TextDecoder().decode(chunk);
  };
  void hear(child.stdout);
  void hear(child.stderr);
  const until = async (what: string, holds: () => boolean | Promise<boolean>, ms = 25_000) => {
    for (const end = performance.now() + ms; !(await holds()); await Bun.sleep(50))
      if (performance.now() > end) throw new Error(`it never happened: ${what}\n${said.slice(-2_000)}`);
  };
  await until("it serves", () => /serves at http:\S+/.test(said) && said.includes("works without it"));
  const url = /serves at (http:\S+)/.exec(said)?.[1] ?? "";
  const { token } = ((await Bun.file(join(home, ".mcpctl/credentials")).json()) as Record<string, { token: string }>)[
    url
  ] ?? { token: "" };
  const api = (method: string, path: string, body?: object) =>
    fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", connection: "close" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  // From source the control API is read from files as well: they must be read before there are none left.
  await until("the control API is loaded", async () => (await api("GET", "/api/v1/status")).ok);
  return { child, url, api, token, until, said: () => said };
}

type Socket = { end: () => void; isClosed: () => boolean; heard: () => string };
async function connect(url: string, text: string): Promise<Socket> {
  let heard = "";
  let isClosed = false;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(url).port),
    socket: {
      open: (socket) => void socket.write(text),
      data: (_, bytes) => {
        heard += bytes.toString();
      },
      close: () => {
        isClosed = true;
      },
      error: () => {},
    },
  });
  closers.push(() => socket.end());
  return { end: () => socket.end(), isClosed: () => isClosed, heard: () => heard };
}
const request = (path: string, headers: Record<string, string> = {}) =>
  `GET ${path} HTTP/1.1\r\n${Object.entries({ host: "127.0.0.1", ...headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;

test("more clients than files are all served: who is idle makes room", async () => {
  const { url, api, until } = await serveWith(128);
  const clients = await Promise.all(Array.from({ length: 300 }, () => connect(url, request("/healthz"))));
  await until("all are answered", () => clients.every(({ heard }) => heard().includes("200 OK")));
  expect((await api("GET", "/api/v1/status")).status).toBe(200);
}, 40_000);

test("clients that connect and say nothing cost the others neither their streams nor their calls, and no processor time", async () => {
  const { child, url, api, token, until, said } = await serveWith(128);
  await api("POST", "/api/v1/projects", { name: "demo", servers: [] });
  const opened = await fetch(`${url}/projects/demo/mcp`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25" } }),
  });
  const session = opened.headers.get("mcp-session-id") ?? "";
  const listening = { authorization: `Bearer ${token}`, accept: "text/event-stream", "mcp-session-id": session };
  const stream = await connect(url, request("/projects/demo/mcp", listening));
  await until("it is open", () => stream.heard().includes("200 OK"));
  const mute = await Promise.all(Array.from({ length: 300 }, () => connect(url, "")));
  await until("no more are let in", () => said().includes("no connection is taken for now"));
  const usedMs = async () => {
    const [, ...fields] = (await Bun.file(`/proc/${child.pid}/stat`).text()).split(") ");
    const words = fields.join(") ").split(" ");
    return (Number(words[11]) + Number(words[12])) * 10;
  };
  const before = await usedMs();
  await Bun.sleep(2_000);
  expect((await usedMs()) - before).toBeLessThan(600);
  expect(stream.isClosed()).toBe(false);
  for (const { end } of mute) end();
  await until("connections are taken again", () => said().includes("connections are taken again"));
  // The stream has heard of nothing that happened, and still hears what does.
  await api("PUT", "/api/v1/projects/demo", { name: "demo", servers: [], prompt: "other" });
  await until("it is told", () => stream.heard().includes("list_changed"));
}, 40_000);

test("another stream is refused while files are scarce, and a request is answered", async () => {
  const { url, api, token, until } = await serveWith(128);
  await api("POST", "/api/v1/projects", { name: "demo", servers: [] });
  const headers = { authorization: `Bearer ${token}`, accept: "text/event-stream" };
  const streams: Socket[] = [];
  await until("one is refused", async () => {
    streams.push(await connect(url, request("/projects/demo/sse", headers)));
    await Bun.sleep(5);
    return streams.some(({ heard }) => heard().includes(" 503 "));
  });
  const refused = streams.find(({ heard }) => heard().includes(" 503 "))?.heard() ?? "";
  expect(refused.toLowerCase()).toContain("retry-after: 5");
  expect(refused).toContain("Too many files are open for another stream");
  expect(streams.length).toBeGreaterThan(50);
  expect((await api("GET", "/api/v1/status")).status).toBe(200);
  for (const { end } of streams) end();
  await until("streams are taken again", async () => {
    const again = await connect(url, request("/projects/demo/sse", headers));
    await Bun.sleep(20);
    return again.heard().includes("200 OK");
  });
}, 40_000);
