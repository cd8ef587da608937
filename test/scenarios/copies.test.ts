import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { fixture, type World, world } from "../world.ts";

let w: World;
let token: string;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: [] });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
});
afterAll(() => w.close());

let count = 0;
let name = "";
/** A server of the project, alone in it. */
async function serve(fields: object = {}, ...flags: string[]): Promise<void> {
  name = `s${++count}`;
  await w.must("POST", "/api/v1/servers", {
    name,
    transport: "stdio",
    command: fixture("--name", name, ...flags),
    ...fields,
  });
  await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: [name] });
}
beforeEach(async () => {
  for (const { name } of (await w.must("GET", "/api/v1/servers")).items) {
    await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: [] });
    await w.must("DELETE", `/api/v1/servers/${name}`);
  }
});

type Instance = { id: string; name: string; state: string; pid?: number; reason?: string; restarts: number };
const instances = async (): Promise<Instance[]> =>
  (await w.must("GET", "/api/v1/instances")).items.filter((one: { server: string }) => one.server === name);
const call = async (tool: string, args: object = {}) =>
  (await w.rpc(token, "tools/call", { name: `${name}__${tool}`, arguments: args })).json;
const settled = (state: string, many = 1) =>
  w.until(`${many} ${state}`, async () => (await instances()).filter((one) => one.state === state).length === many);

test("as many copies run as are wanted, and a caller meets the same one as long as it runs", async () => {
  await serve({ replicas: 3 });
  await settled("RUNNING", 3);
  expect((await instances()).map((one) => one.name)).toEqual([1, 2, 3].map((number) => `${name}-${number}`));
  expect((await w.must("GET", `/api/v1/servers/${name}`)).status).toMatchObject({ state: "RUNNING", copies: "3/3" });
  const pidOf = async () => Number((await call("env", { name: "PID" })).result.content[0].text);
  const met = await pidOf();
  for (let i = 0; i < 5; i++) expect(await pidOf()).toBe(met);
  process.kill(met, "SIGKILL");
  await w.until("another copy answers", async () => {
    const answered = await call("env", { name: "PID" });
    return answered.result !== undefined && Number(answered.result.content[0].text) !== met;
  });
  const kept = (await instances()).filter(({ pid }) => pid !== met).map(({ pid }) => pid);
  await w.must("PUT", `/api/v1/servers/${name}`, {
    name,
    transport: "stdio",
    command: fixture("--name", name),
    replicas: 2,
  });
  await w.until("two are left", async () => (await instances()).length === 2);
  expect(kept).toEqual(expect.arrayContaining((await instances()).flatMap(({ pid }) => pid ?? [])));
});

test("a server that is changed finishes what it was asked, while its successor answers", async () => {
  await serve();
  await settled("RUNNING");
  const [before] = await instances();
  const slow = call("slow", { ms: 1_500 });
  await Bun.sleep(100);
  await w.must("PUT", `/api/v1/servers/${name}`, {
    name,
    transport: "stdio",
    command: fixture("--name", name, "--noise"),
  });
  await w.until(
    "its successor runs",
    async () => (await instances())[0]?.id !== before?.id && (await instances())[0]?.state === "RUNNING",
  );
  expect((await call("env", { name: "PID" })).result.content[0].text).not.toBe(String(before?.pid));
  expect((await slow).result.content[0].text).toBe("done");
  await w.until("the one before has ended", () => !isAlive(before?.pid));
});

test("a new description, health check or number restarts nothing", async () => {
  await serve({ description: "one" });
  await settled("RUNNING");
  const [before] = await instances();
  const same = { transport: "stdio", command: fixture("--name", name) };
  await w.must("PUT", `/api/v1/servers/${name}`, {
    name,
    ...same,
    description: "two",
    healthCheck: { tool: "echo" },
    replicas: 2,
  });
  await settled("RUNNING", 2);
  expect((await instances())[0]).toMatchObject({ id: before?.id, pid: before?.pid });
});

test("a lazy server starts with the first call, and is stopped when nobody has called for long enough", async () => {
  await serve({ start: "lazy", idleStopSeconds: 5 });
  expect(await instances()).toMatchObject([{ state: "STOPPED", reason: "it sleeps until it is needed" }]);
  expect((await w.rpc(token, "tools/list")).json.result.tools.length).toBeGreaterThan(0);
  expect((await call("env", { name: "PID" })).result.content[0].text).toBe(String((await instances())[0]?.pid));
  const slow = call("slow", { ms: 1_200 });
  w.advance(60_000);
  expect((await slow).result).toBeDefined();
  expect((await instances())[0]?.state).toBe("RUNNING");
  w.advance(6_000);
  await settled("STOPPED");
  // What is known of it is told without waking it.
  w.advance(600_000);
  expect((await w.rpc(token, "tools/list")).json.result.tools.length).toBeGreaterThan(0);
  await Bun.sleep(300);
  expect((await instances())[0]).toMatchObject({ state: "STOPPED", restarts: 0 });
  expect((await call("echo", { text: "again" })).result).toBeDefined();
});

test("a call to a server that was never listed waits for it, however long it takes to start", async () => {
  // Longer than the first list waits.
  await serve({ start: "lazy" }, "--slow", "2000");
  expect((await call("echo", { text: "early" })).result.content[0].text).toContain("early");
  const from = performance.now();
  expect(JSON.stringify(await call("nothing"))).toContain("There is no tool");
  expect(performance.now() - from).toBeLessThan(10_000);
});

test("so does reading a resource of it", async () => {
  await serve({ start: "lazy" }, "--slow", "2000");
  const uri = `fixture://${name}/one`;
  const { result } = (await w.rpc(token, "resources/read", { uri })).json;
  expect(result.contents[0].text).toBe(`${name} reads ${uri}`);
});

test("a lazy server that cannot start says why to whoever needs it, and is tried again when somebody does", async () => {
  await serve({ start: "lazy" }, "--stderr", "no token", "--exit", "3");
  const first = await call("echo");
  expect(JSON.stringify(first)).toContain("exited with code 3");
  expect((await instances())[0]).toMatchObject({ state: "ERROR", exitCode: 3 });
});

test("a copy whose run is of no use is ended with that reason, and started again", async () => {
  await serve();
  await settled("RUNNING");
  const [before] = await instances();
  w.rooms.supervisor.fail(before?.id ?? "", "it did not answer three times");
  await settled("ERROR");
  expect((await instances())[0]).toMatchObject({
    id: before?.id,
    reason: "it did not answer three times",
    nextTryAt: expect.any(String),
  });
  await settled("RUNNING");
  expect((await instances())[0]).toMatchObject({ id: before?.id, restarts: 1 });
});

test("restart takes another process for each copy, after the calls that are under way, and is recorded", async () => {
  await serve({ replicas: 2 });
  await settled("RUNNING", 2);
  const before = await instances();
  const slow = call("slow", { ms: 600 });
  await Bun.sleep(100);
  expect(await w.cli(["restart", name])).toMatchObject({ code: 0, out: `server "${name}" restarted` });
  expect((await slow).result.content[0].text).toBe("done");
  await settled("RUNNING", 2);
  const after = await instances();
  expect(after.filter(({ pid }) => before.some((one) => one.pid === pid))).toEqual([]);
  expect((await w.cli(["restart", `instance/${after[0]?.name}`])).out).toBe(`instance "${after[0]?.name}" restarted`);
  await settled("RUNNING", 2);
  expect((await instances()).map(({ pid }) => pid)).toContain(after[1]?.pid);
  const events: { action: string }[] = (await w.must("GET", "/api/v1/audit/events?kind=change")).items;
  expect(events.filter(({ action }) => action === "restart")).toHaveLength(2);
  const viewer = await w.userWith("viewer", [{ role: "view", resource: "*" }]);
  expect((await w.api("POST", `/api/v1/servers/${name}/restart`, undefined, viewer)).status).toBe(403);
  expect(await w.cli(["restart", "no-such"])).toMatchObject({ code: 6 });
});

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};
