import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { findResource } from "../../src/storage/resources.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
const planted = 'planted-"7f3a91"-in the\\dark';
const crier = (...flags: string[]) => [process.execPath, join(import.meta.dir, "../servers/crier.ts"), ...flags];
const env = [{ name: "SECRET", valueFrom: { secretRef: { name: "vault", key: "key" } } }];

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/secrets", { name: "vault", data: { key: planted } });
  await w.must("POST", "/api/v1/servers", { name: "crier", command: crier(), env });
  await w.must("POST", "/api/v1/servers", { name: "files", command: fixture("--journal") });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["crier", "files"] });
  for (const name of ["crier", "files"]) await w.until(`${name} runs`, w.isRunning(name));
});
afterAll(() => w.close());

const logs = async (...words: string[]) => {
  const { code, out, err } = await w.cli(["logs", ...words]);
  return { code, lines: out.split("\n").filter((line) => line !== ""), err };
};
const pidOf = async (name: string) => (await w.must("GET", `/api/v1/instances/${name}`)).pid as number;
const end = async (name: string) => {
  const pid = await pidOf(name);
  process.kill(pid, "SIGKILL");
  await w.until("the next one runs", async () => {
    const { state, pid: next } = (await w.api("GET", `/api/v1/instances/${name}`)).json;
    return state === "RUNNING" && next !== pid;
  });
};

describe("what is shown", () => {
  test("the last lines, with their time, since when, of a server or an instance", async () => {
    await w.until("it was asked", async () => (await logs("files")).lines.includes("tools/list"));
    const { lines } = await logs("files");
    expect(lines[0]).toBe("server/discover");
    expect((await logs("files", "--tail", "1")).lines).toEqual(lines.slice(-1));
    expect((await logs("instance/files-1")).lines).toEqual(lines);
    expect((await logs("instance", "files-1", "--timestamps")).lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z server\/discover$/,
    );
    expect((await logs("server", "files", "--since", "1h")).lines).toEqual(lines);
    w.advance(120_000);
    expect(await logs("files", "--since", "1m")).toMatchObject({
      code: 0,
      lines: [],
      err: expect.stringContaining("since then"),
    });
  });

  test("what is misspelt, and what has no log, is told", async () => {
    for (const [words, said] of [
      [["files", "--since", "yesterday"], "since is an instant such as"],
      [["files", "--tail", "x"], "tail is a whole number from 0"],
      [["project", "demo"], "only servers and instances have logs"],
      [["nobody"], 'there is no server "nobody"'],
      [["files", "--previous"], "was not started before its present run"],
      [["files", "--previous", "-f"], "there is nothing to follow"],
    ] as const) {
      const { code, err } = await logs(...words);
      expect([words, code > 0, err]).toEqual([words, true, expect.stringContaining(said)]);
    }
    await w.must("POST", "/api/v1/servers", { name: "far", url: "http://127.0.0.1:9/mcp" });
    expect((await logs("far")).err).toContain('server "far" runs elsewhere: mcpctl has no log of it');
  });

  test("the run before the present one is still there, after a crash and after the instance was replaced", async () => {
    const before = await pidOf("crier-1");
    await end("crier-1");
    const said = (pid: number) => `run ${pid} with •••`;
    expect((await logs("crier", "--previous")).lines).toContain(said(before));
    const { lines } = await logs("crier");
    const mark = lines.indexOf("--- crier-1 started again ---");
    expect(mark).toBeGreaterThan(lines.indexOf(said(before)));
    expect(lines[mark + 1]).toBe(said(await pidOf("crier-1")));

    const crashed = await pidOf("crier-1");
    expect((await w.cli(["delete", "instance", "crier-1", "--yes"])).code).toBe(0);
    await w.until("its successor runs", w.isRunning("crier"));
    expect((await logs("crier", "--previous")).lines).toContain(said(crashed));
    expect((await logs("crier", "--previous")).lines).not.toContain(said(before));
  });
});

test("whoever follows goes on with the next run and with the next instance, until the server is gone", async () => {
  await w.must("POST", "/api/v1/servers", { name: "gone", command: crier(), env });
  await w.until("it runs", w.isRunning("gone"));
  const following = w.cli(["logs", "instance/gone-1", "-f", "--tail", "0"]);
  const heard: string[] = [];
  const stop = w.rooms.supervisor.logs.follow((await w.must("GET", "/api/v1/servers/gone")).id, (_, { text }) =>
    heard.push(text ?? "started"),
  );
  const first = await pidOf("gone-1");
  process.kill(first, "SIGKILL");
  await w.until("it is started again", () => heard.filter((text) => text === "started").length === 1);
  await w.until("it runs again", w.isRunning("gone"));
  const second = await w.must("GET", "/api/v1/instances/gone-1");
  await w.must("DELETE", `/api/v1/instances/${second.id}`);
  await w.until("its successor has spoken", () => heard.filter((text) => text.startsWith("run ")).length === 2);
  stop();
  await w.until("it runs as another", w.isRunning("gone"));
  await w.must("DELETE", "/api/v1/servers/gone");
  const { out } = await following;
  const lines = out.split("\n");
  expect(lines.filter((line) => line === "--- gone-1 started again ---")).toHaveLength(2);
  expect(lines.filter((line) => /^run \d+ with •••$/.test(line))).toHaveLength(2);
});

test("lines of several copies come together, each with whose it is", async () => {
  await w.must("POST", "/api/v1/servers", { name: "twins", command: crier(), replicas: 2 });
  const running = async () =>
    (await w.must("GET", "/api/v1/instances")).items.filter(
      ({ server, state }: Record<string, unknown>) => server === "twins" && state === "RUNNING",
    ).length;
  await w.until("both run", async () => (await running()) === 2);
  const { lines } = await logs("twins", "--tail", "1000");
  for (const copy of ["twins-1", "twins-2"])
    expect(lines.filter((line) => line.startsWith(`${copy} | run `))).toHaveLength(1);
  const { lines: own } = await logs("instance/twins-2");
  expect(own[0]).toMatch(/^run \d+ with/);
  expect(own.length).toBe(lines.filter((line) => line.startsWith("twins-2 | ")).length);
});

describe("no secret ever", () => {
  test("nor in what a server elsewhere says of the header it was sent", async () => {
    const quoting = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const { id } = (await request.json()) as { id: unknown };
        const message = `${request.headers.get("x-key")} is not a valid key`;
        return Response.json({ jsonrpc: "2.0", id, error: { code: -32000, message } });
      },
    });
    try {
      const headers = [{ name: "X-Key", valueFrom: { secretRef: { name: "header", key: "key" } } }];
      await w.must("POST", "/api/v1/secrets", { name: "header", data: { key: "Bearer planted-4c21b0" } });
      await w.must("POST", "/api/v1/servers", { name: "quoting", url: `${quoting.url}mcp`, headers });
      await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["quoting"] });
      const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "q", project: "demo" });
      const listed = (await w.rpc(token, "tools/list")).text;
      expect(listed).toContain("••• is not a valid key");
      const status = (await w.api("GET", "/api/v1/servers/quoting")).text;
      const server = (await w.rooms.db.read(() => findResource("server", "quoting"))) as never;
      w.advance(600_000);
      expect(await Promise.resolve(w.rooms.connections.get(server)).catch(String)).toContain("••• is not a valid key");
      expect(status).toContain("••• is not a valid key");
      for (const seen of [listed, status, w.logs.join("\n")]) expect(seen).not.toContain("planted-4c21b0");
    } finally {
      await quoting.stop(true);
    }
  });

  test("what a server says of its own is in no log, state, description and line of ours", async () => {
    await w.must("POST", "/api/v1/servers", { name: "refuser", command: crier("--refuse", "initialize"), env });
    const healthCheck = { tool: "echo" };
    await w.must("POST", "/api/v1/servers", {
      name: "sick",
      command: crier("--refuse", "tools/call"),
      env,
      healthCheck,
    });
    const refuser = async () => (await w.api("GET", "/api/v1/servers/refuser")).json;
    await w.until("it was refused", async () => (await refuser()).status.state === "ERROR");
    await w.until("the sick one runs", w.isRunning("sick"));
    await w.rooms.health.tick();
    await w.rpc((await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token, "tools/list");
    const seen = [
      ...(await Promise.all(
        [
          "servers",
          "instances",
          "servers/refuser",
          "instances/refuser-1",
          "servers/refuser/logs",
          "servers/crier/logs",
          "servers/sick",
          "status",
        ].map(async (path) => (await w.api("GET", `/api/v1/${path}`)).text),
      )),
      (await w.cli(["describe", "server", "refuser"])).out,
      (await w.cli(["logs", "refuser"])).out,
      (await w.cli(["status"])).out,
      w.logs.join("\n"),
    ].join("\n");
    expect(seen).toContain("••• is not a valid token");
    expect(seen).toContain('tool \\"echo\\" was refused: ••• is not a valid token');
    expect(seen).toContain("[stdout] using ••• now");
    expect(seen).toContain('{"method":"initialize","secret":"•••"}');
    for (const form of [planted, JSON.stringify(planted).slice(1, -1), "7f3a91"]) expect(seen).not.toContain(form);
  });
});

test("the last lines of what does not run are for those who may read its log; why it does not, for all who may view it", async () => {
  const command = ["/bin/sh", "-c", "echo what a $0 sent >&2; exit 3", "caller"];
  await w.must("POST", "/api/v1/servers", { name: "fallen", command });
  const look = [
    { role: "view", resource: "servers" },
    { role: "view", resource: "instances" },
  ] as const;
  const vic = await w.userWith("vic", look);
  const liz = await w.userWith("liz", [...look, { role: "run", action: "logs" }]);
  const seen = async (token: string, path = "instances/fallen-1") =>
    (await w.api("GET", `/api/v1/${path}`, undefined, token)).text;
  await w.until("it has ended", async () => (await seen(liz)).includes("exited with code 3"));
  expect(await seen(liz)).toContain("what a caller sent");
  expect(await seen(vic)).toContain("exited with code 3");
  for (const path of ["instances/fallen-1", "instances", "servers/fallen", "status"])
    expect(await seen(vic, path)).not.toContain("what a caller sent");
  // Nor are they for those who read what was done to it.
  await w.must("DELETE", "/api/v1/instances/fallen-1");
  await w.rooms.audit.flush();
  const { items } = await w.must("GET", "/api/v1/audit/events?kind=change&limit=1");
  expect(items[0]).toMatchObject({ action: "delete", resource: "instances/fallen-1" });
  expect(JSON.stringify(items)).not.toContain("what a caller sent");
  await w.must("DELETE", "/api/v1/servers/fallen");
});

describe("mcpctl's own log", () => {
  test("its level is shown and changed while it runs, and the change is in the audit log", async () => {
    expect((await w.cli(["log-level"])).out).toBe("debug");
    expect((await w.cli(["log-level", "error"])).out).toContain(
      "the log level is error until the next start; it was debug",
    );
    const before = w.logs.length;
    w.rooms.log.warn("unheard");
    expect(w.logs).toHaveLength(before);
    expect((await w.cli(["log-level", "loud"])).err).toContain("one of debug, info, warn, error, silent");
    await w.must("PUT", "/api/v1/log-level", { level: "debug" });
    w.rooms.log.warn("heard");
    expect(w.logs.at(-1)).toContain("heard");
    await w.rooms.audit.flush();
    const { items } = await w.must("GET", "/api/v1/audit/events?kind=change&limit=2");
    expect(items[1]).toMatchObject({
      subject: "User:admin@localhost",
      action: "update",
      resource: "log-level",
      detail: { before: { level: "debug" }, after: { level: "error" } },
    });
  });
});
