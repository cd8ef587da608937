import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followContainer } from "../../../src/instances/container/container.ts";
import { engineAt } from "../../../src/instances/container/engine.ts";
import type { Frame } from "../../../src/instances/container/frames.ts";
import { createImages } from "../../../src/instances/container/image.ts";
import { findEngine } from "../../../src/instances/container/sockets.ts";
import { logRing } from "../../../src/instances/log-ring.ts";
import { fixture, world } from "../../world.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-sockets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Something that listens on a socket and counts who comes. */
function listener(name: string, answer: (request: Request) => Response | Promise<Response>) {
  const path = join(folder, name);
  const asked: string[] = [];
  const server = Bun.serve({
    unix: path,
    fetch(request) {
      asked.push(new URL(request.url).pathname);
      return answer(request);
    },
  });
  return { path, asked, [Symbol.dispose]: () => void server.stop(true) };
}

test("when no engine answers, each socket that was tried is told with what is wrong there, and how to start one", async () => {
  using silent = listener("silent.sock", () => new Promise<Response>(() => {}));
  using broken = listener("broken.sock", () => new Response("", { status: 500 }));
  const missing = join(folder, "missing.sock");
  const failure = await findEngine([missing, silent.path, broken.path]).catch((error: Error) => error.message);
  expect(failure).toContain(
    `${missing} (is not there), ${silent.path} (nothing answers), ${broken.path} (answers with status 500)`,
  );
  expect(failure).toContain("`systemctl --user start podman.socket`");
  expect(failure).toContain("`podman system service --time=0 &`");
});

test("the first engine that answers is taken", async () => {
  using engine = listener("engine.sock", () => new Response("OK"));
  expect((await findEngine([join(folder, "missing.sock"), engine.path])).socket).toBe(engine.path);
});

test("a server says which engine is not running, suffers alone, and no engine is looked for where there is no image", async () => {
  using engine = listener("watched.sock", () => new Response("", { status: 503 }));
  await using w = await world({ "container-socket": engine.path });
  await w.must("POST", "/api/v1/servers", { name: "plain", command: fixture() });
  await w.until("it runs", w.isRunning("plain"));
  expect(engine.asked).toEqual([]);
  await w.must("POST", "/api/v1/servers", { name: "boxed", image: "localhost/tools" });
  await w.until("it fails", async () => (await w.cli(["describe", "server", "boxed"])).out.includes("ERROR"));
  expect((await w.cli(["describe", "server", "boxed"])).out).toContain(`${engine.path} (answers with status 503)`);
  expect(await w.isRunning("plain")()).toBe(true);
});

test("a pull is ended with the last who waits for it, and told of while it goes on", async () => {
  const ended = Promise.withResolvers<void>();
  using engine = listener("pulling.sock", (request) => {
    if (request.method === "GET") return Response.json({ message: "no such image" }, { status: 404 });
    request.signal.addEventListener("abort", () => ended.resolve());
    return new Response(new ReadableStream({ start: (c) => c.enqueue(Buffer.from('{"status":"waiting"}\n')) }));
  });
  const images = createImages();
  const [first, second] = [new AbortController(), new AbortController()];
  const log = logRing();
  const pull = (signal: AbortSignal) =>
    images.provide(engineAt(engine.path), "tools", log, signal).catch((error: Error) => error.message);
  const waiting = [pull(first.signal), pull(second.signal)];
  while (engine.asked.filter((path) => path === "/images/create").length === 0) await Bun.sleep(5);
  first.abort();
  expect(await waiting[0]).toBe("pulling the image tools was stopped");
  second.abort();
  expect(await waiting[1]).toBe("pulling the image tools was stopped");
  await ended.promise;
  expect(engine.asked.filter((path) => path === "/images/create")).toHaveLength(1);
  expect(log.tail(5)).toContain("pulling the image tools");
});

test("what went wrong with a pull stands in the last line of a good answer", async () => {
  using engine = listener("refusing.sock", (request) =>
    request.method === "GET"
      ? Response.json({ message: "no such image" }, { status: 404 })
      : new Response('{"status":"Pulling"}\n{"errorDetail":{"message":"denied"},"error":"denied"}\n'),
  );
  const pull = createImages().provide(engineAt(engine.path), "tools:9", logRing(), new AbortController().signal);
  expect(pull).rejects.toThrow("the image tools:9 is not on this machine and cannot be pulled: denied");
});

test("an engine that hangs keeps nobody from stopping", async () => {
  using engine = listener("hanging.sock", () => new Promise<Response>(() => {}));
  const frames = new ReadableStream<Frame>();
  const container = followContainer({
    engine: engineAt(engine.path),
    id: "abc",
    attached: { frames, send: () => {}, endInput: () => {}, close: () => {} },
    fields: { transport: "stdio", image: "tools" },
    log: logRing(),
    patience: { afterEofMs: 10, afterTermMs: 10, afterKillMs: 10 },
  });
  expect((await container.stop(false)).reason).toBe("the container engine does not answer any more");
  expect((await container.stop(true)).reason).toBe("the container engine does not answer any more");
  expect(() => container.send("{}")).toThrow("has ended");
});
