import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type World, world } from "../world.ts";
import { podman, startEngine } from "./podman.ts";

/** Servers that are images, for real: podman's Docker API, an image from scratch, the whole gateway in between. */
if (podman === null)
  process.stderr.write("skipped: podman is not on this machine, so servers that are images are not tested\n");
const when = podman === null ? test.skip : test;

const executable = resolve(import.meta.dir, "../../dist/mcpctl");
let engine: Awaited<ReturnType<typeof startEngine>>;
let w: World;
let token = "";

beforeAll(async () => {
  if (podman === null) return;
  engine = await startEngine();
  w = await world({ "container-socket": engine.socket });
  await w.must("POST", "/api/v1/projects", { name: "p", servers: [] });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "p" })).token;
}, 60_000);

afterAll(async () => {
  if (podman === null) return;
  try {
    await w.close();
    expect(containers()).toEqual([]);
  } finally {
    await engine.stop();
  }
}, 60_000);

/** Those of the image under test, by id and name. */
const containers = () =>
  engine
    .podman("ps", "-a", "--filter", `ancestor=${engine.image}`, "--format", "{{.ID}} {{.Names}}")
    .out.split("\n")
    .filter((line) => line !== "");
const inspected = (id: string) => JSON.parse(engine.podman("container", "inspect", id).out)[0];

const start = (name: string, fields: object = {}) =>
  w.must("POST", "/api/v1/servers", { name, image: engine.image, ...fields });
async function create(name: string, fields: object = {}) {
  await start(name, fields);
  const { servers = [] } = (await w.must("GET", "/api/v1/projects/p")) as { servers?: string[] };
  await w.must("PUT", "/api/v1/projects/p", { name: "p", servers: [...servers, name] });
}
const discard = (...names: string[]) => Promise.all(names.map((name) => w.must("DELETE", `/api/v1/servers/${name}`)));
const instanceOf = async (name: string) =>
  (await w.must("GET", "/api/v1/instances")).items.find((item: { server: string }) => item.server === name);
async function running(name: string) {
  await w.until(`${name} runs`, w.isRunning(name));
  return await instanceOf(name);
}
async function failed(name: string) {
  await w.until(`${name} fails`, async () => (await instanceOf(name))?.state === "ERROR");
  return await instanceOf(name);
}
const call = async (name: string, args: object) => {
  const { json } = await w.rpc(token, "tools/call", { name, arguments: args });
  return json.result?.content?.[0]?.text ?? json;
};
const inside = (server: string, code: string) => call(`${server}__run`, { code });

when("it is spoken to over its standard input and output, with its own variables and no others", async () => {
  await create("talks", { args: ["--stderr", "here I am"], env: [{ name: "GREETING", value: "hi" }], cwd: "/tmp" });
  const { container, name } = await running("talks");
  expect(await call("talks__echo", { text: "through and through" })).toBe("through and through");
  expect(await call("talks__env", { name: "GREETING" })).toBe("hi");
  expect(await call("talks__env", { name: "USER" })).toBe("(not set)");
  expect(await inside("talks", "return process.cwd()")).toBe("/tmp");
  const { Config, Name } = inspected(container);
  expect(Config.Labels).toMatchObject({ "mcpctl.server": "talks", "mcpctl.instance": (await instanceOf("talks")).id });
  expect(Config.Labels["mcpctl.data"]).toMatch(/^[0-9a-f]{32}$/);
  expect(Name).toMatch(/^mcpctl-talks-[0-9a-f]{8}$/);
  expect((await w.cli(["logs", "talks"])).out).toContain("here I am");
  expect((await w.cli(["describe", "instance", name])).out).toContain(container);
});

when("it has no capability, gains none, and its limits are the engine's", async () => {
  await create("bound", { processes: 60, cpus: 0.5, memoryMiB: 300, user: "65532:65532" });
  const { container } = await running("bound");
  const status = await inside("bound", "return await Bun.file('/proc/self/status').text()");
  expect(status).toMatch(/CapEff:\s0+\n/);
  expect(status).toMatch(/CapBnd:\s0+\n/);
  expect(status).toMatch(/NoNewPrivs:\s1\n/);
  expect(status).toMatch(/Uid:\s65532\s/);
  const { HostConfig } = inspected(container);
  expect(HostConfig).toMatchObject({ Privileged: false, PidsLimit: 60, NanoCpus: 5e8, Memory: 300 * 1024 * 1024 });
});

when("a root that is read-only and no network are really so", async () => {
  const folder = join(w.home, "volume");
  await Bun.write(join(folder, "x"), "kept");
  await create("closed", { readOnly: true, network: "none", volumes: [`${folder}:/data:ro`] });
  await running("closed");
  const wrote = (path: string) =>
    inside(
      "closed",
      `try { await Bun.write(${JSON.stringify(path)}, "x"); return "wrote" } catch (e) { return e.code }`,
    );
  expect(await wrote("/etc/x")).toBe("EROFS");
  expect(await wrote("/tmp/x")).toBe("wrote");
  expect(await wrote("/data/x")).toBe("EROFS");
  expect(await inside("closed", "return await Bun.file('/data/x').text()")).toBe("kept");
  expect(await inside("closed", "return Object.keys(process.getBuiltinModule('os').networkInterfaces()).join()")).toBe(
    "lo",
  );
});

when("one that serves HTTP is reached at a port of this machine alone, and what it prints is its log", async () => {
  await create("serves", { transport: "http", containerPort: 8080, args: ["--http", "8080"] });
  const { container } = await running("serves");
  expect(await call("serves__echo", { text: "by a port" })).toBe("by a port");
  const [published] = inspected(container).NetworkSettings.Ports["8080/tcp"];
  expect(published.HostIp).toBe("127.0.0.1");
  expect((await w.cli(["logs", "serves"])).out).toContain("[stdout] it serves");
  const port = freePort();
  await create("on-host", { network: "host", containerPort: port, args: ["--http", String(port)] });
  await running("on-host");
  expect(await call("on-host__echo", { text: "without a network of its own" })).toBe("without a network of its own");
});

when(
  "how it ended is told: its code and last words, no program, no user, nothing at its port",
  async () => {
    await start("leaves", { args: ["--stderr", "no such key", "--exit", "3"] });
    await start("nobody", { user: "nobody9" });
    await start("silent", { transport: "http", containerPort: 9 });
    await start("wrong-port", {
      transport: "http",
      containerPort: 8081,
      args: ["--http", "8080"],
      limits: { initializeSeconds: 1 },
    });
    expect(await failed("leaves")).toMatchObject({
      reason: "exited with code 3",
      exitCode: 3,
      stderr: ["no such key"],
    });
    expect((await w.cli(["describe", "instance", "leaves-1"])).out).toContain("no such key");
    expect((await failed("nobody")).reason).toBe(`the image ${engine.image} has no user nobody9; give UID:GID`);
    expect((await failed("silent")).reason).toBe(
      "it ended with code 0 before it served anything at its containerPort 9",
    );
    expect((await failed("wrong-port")).reason).toMatch(
      /^nothing answers HTTP at its containerPort 8081 within 1 s; .* 0\.0\.0\.0/,
    );
    await discard("leaves", "nobody", "silent", "wrong-port");
  },
  20_000,
);

when("an image that is not there is named", async () => {
  await start("missing", { image: "localhost/never-built:7" });
  expect((await failed("missing")).reason).toMatch(
    /^the image localhost\/never-built:7 is not on this machine and cannot be pulled: /,
  );
  await discard("missing");
});

when("one that needs more memory than it may is killed, and told so", async () => {
  await create("greedy", { memoryMiB: 128 });
  await running("greedy");
  void inside("greedy", "const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1))");
  expect((await failed("greedy")).reason).toContain("memoryMiB: 128");
});

when("a line that never ends is its end, and nobody else's", async () => {
  await create("endless", { limits: { lineBytes: 2048, messageBytes: 2048 } });
  await running("endless");
  void inside("endless", "process.stdout.write('x'.repeat(100_000)); await Bun.sleep(60_000)");
  expect((await failed("endless")).reason).toMatch(/^it wrote a line of over 2 KiB; .*lineBytes/);
});

when("killed from outside it is started again, in a new container", async () => {
  const { container } = await running("talks");
  engine.podman("kill", container);
  await w.until(
    "another container",
    async () => ![undefined, container].includes((await instanceOf("talks"))?.container),
  );
  const next = await running("talks");
  expect(next.restarts).toBe(1);
  expect(await call("talks__echo", { text: "again" })).toBe("again");
  expect(engine.podman("container", "exists", container).exitCode).toBe(1);
});

when(
  "an engine that is started anew costs its containers no more than a restart, and leaves none",
  async () => {
    const { container } = await running("closed");
    await engine.restart();
    await w.until(
      "another container",
      async () => ![undefined, container].includes((await instanceOf("closed"))?.container),
    );
    await running("closed");
    expect(await call("closed__echo", { text: "still" })).toBe("still");
    expect(engine.podman("container", "exists", container).exitCode).toBe(1);
  },
  20_000,
);

when("a server that is deleted leaves no container", async () => {
  const { container } = await running("bound");
  await w.must("PUT", "/api/v1/projects/p", { name: "p", servers: [] });
  await w.must("DELETE", "/api/v1/servers/bound");
  await w.until("it is gone", () => engine.podman("container", "exists", container).exitCode === 1);
});

when(
  "what a kill -9 of serve leaves is swept at the next start, and nothing of anybody else's",
  async () => {
    const home = mkdtempSync(join(tmpdir(), "mcpctl-swept-"));
    const serve = () =>
      Bun.spawn([executable, "serve", "--port", "0", "--container-socket", engine.socket], {
        env: { ...process.env, HOME: home },
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
    const left = () => containers().filter((line) => line.includes("mcpctl-left-"));
    const first = serve();
    let second: typeof first | undefined;
    try {
      const url = await addressOf(first.stdout);
      const words = ["create", "server", "left", "--image", engine.image];
      const created = Bun.spawnSync([executable, ...words], { env: { ...process.env, HOME: home, MCPCTL_URL: url } });
      expect(created.stderr.toString()).toBe("");
      await w.until("it runs", () => left().length === 1);
      const { container: other } = await running("talks");
      first.kill("SIGKILL");
      await first.exited;
      const [before = ""] = left();
      expect(before).not.toBe("");
      second = serve();
      await w.until("it is swept", () => !left().includes(before));
      await w.until("its successor runs", () => left().length === 1);
      expect(engine.podman("container", "exists", other).exitCode).toBe(0);
      second.kill("SIGTERM");
      expect(await second.exited).toBe(0);
      expect(left()).toEqual([]);
    } finally {
      first.kill("SIGKILL");
      second?.kill("SIGKILL");
      for (const line of left()) engine.podman("rm", "-f", "-t", "0", line.split(" ")[0] ?? "");
      rmSync(home, { recursive: true, force: true });
    }
  },
  40_000,
);

function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port = 0 } = server;
  void server.stop(true);
  return port;
}

async function addressOf(stdout: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  for await (const chunk of stdout) {
    said += Buffer.from(chunk);
    const url = /serves at (\S+) /.exec(said)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error(said);
}
