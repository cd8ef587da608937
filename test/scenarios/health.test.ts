import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
let token: string;
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "well", command: fixture("--name", "well") });
  await w.must("POST", "/api/v1/projects", { name: "demo", servers: ["well"] });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("well runs", w.isRunning("well"));
});
afterEach(async () => {
  await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["well"] });
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => w.close());

/** A server of the project besides the one that is well, until the test ends. */
async function serve(name: string, fields: object): Promise<void> {
  await w.must("POST", "/api/v1/servers", { name, ...fields });
  await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["well", name] });
  closers.push(() => w.must("DELETE", `/api/v1/servers/${name}`));
}
const status = async (name: string) => (await w.must("GET", `/api/v1/servers/${name}`)).status;
const instance = async (name: string) => await w.must("GET", `/api/v1/instances/${name}-1`);
const call = async (name: string, args: object = {}) =>
  (await w.rpc(token, "tools/call", { name, arguments: args })).json;
/** A quarter of a minute passes, and all that is due is looked at. */
async function look(): Promise<void> {
  w.advance(15_000);
  await w.rooms.health.tick();
}

test("a process that stops answering is degraded, unhealthy and started anew; then it is healthy again", async () => {
  await serve("stuck", { command: fixture(), limits: { callSeconds: 1 } });
  await w.until("it runs", w.isRunning("stuck"));
  await look();
  expect(await status("stuck")).toMatchObject({ state: "RUNNING", health: "healthy" });
  const { id, pid } = await instance("stuck");
  const { id: serverId } = await w.must("GET", "/api/v1/servers/stuck");
  process.kill(pid, "SIGUSR2");
  await w.until("it is mute", () => w.rooms.supervisor.logs.of(serverId)[0]?.ring.tail(1)[0] === "mute");
  await look();
  expect(await instance("stuck")).toMatchObject({
    health: "degraded",
    probeReason: "the server gave no answer within 1 s",
  });
  await look();
  await look();
  await w.until("it ends", async () => (await instance("stuck")).state !== "RUNNING");
  await w.until("it runs again", w.isRunning("stuck"));
  const after = await instance("stuck");
  expect(after).toMatchObject({ id, health: "healthy", restarts: 1 });
  expect(after.pid).not.toBe(pid);
  expect(w.logs.join("\n")).toContain(
    "it failed its health check 3 times in a row: the server gave no answer within 1 s",
  );
}, 20_000);

test("a check with a tool that there is not says which was meant, and ends nobody's calls", async () => {
  await serve("typo", { command: fixture(), healthCheck: { tool: "ecko", failureThreshold: 2, intervalSeconds: 15 } });
  await w.until("it runs", w.isRunning("typo"));
  const { pid } = await instance("typo");
  await look();
  const probeReason = 'there is no tool "ecko" on it; did you mean "echo"?';
  expect(await status("typo")).toMatchObject({ health: "degraded", probeReason });
  for (let i = 0; i < 3; i++) await look();
  expect(await instance("typo")).toMatchObject({ health: "unhealthy", state: "RUNNING", pid, restarts: 0 });
  await w.must("PUT", "/api/v1/servers/typo", {
    name: "typo",
    command: fixture(),
    healthCheck: { tool: "fail", failureThreshold: 2 },
  });
  await look();
  expect(await status("typo")).toMatchObject({ health: "degraded", probeReason: 'tool "fail" failed: it failed' });
  await w.must("PUT", "/api/v1/servers/typo", { name: "typo", command: fixture(), healthCheck: { tool: "echo" } });
  await look();
  expect(await instance("typo")).toMatchObject({ health: "healthy", pid });
});

test("a server at an address that dies and comes back is reached again, without anybody doing anything", async () => {
  let far = startHttpServer({ name: "far" });
  const port = Number(new URL(far.url).port);
  await serve("far", { url: far.url });
  await w.until("it is listed", async () => (await status("far")).tools > 0);
  await far.stop();
  for (const health of ["degraded", "degraded", "unhealthy"]) {
    await look();
    expect((await status("far")).health).toBe(health);
  }
  expect(await status("far")).toMatchObject({ state: "ERROR", breaker: { state: "open" } });
  const missing = async () => (await w.rpc(token, "tools/list")).json.result._meta?.["mcpctl/missing"];
  await w.until("it is told to be missing", async () => (await missing())?.[0]?.server === "far");
  far = startHttpServer({ name: "far", port });
  closers.unshift(() => far.stop());
  await look();
  expect(await status("far")).toMatchObject({ state: "RUNNING", health: "healthy", breaker: { state: "closed" } });
  await w.until("it is missing no more", async () => (await missing()) === undefined);
  expect((await call("far__echo", { text: "hi" })).result.content[0].text).toBe("hi");
});

test("a server that does not answer is left alone after five calls, costs the others nothing, and is called again once it does", async () => {
  const mute = startHttpServer({ name: "mute" });
  closers.push(() => mute.stop());
  await serve("mute", { url: mute.url, limits: { callSeconds: 1, absentSeconds: 7 } });
  await w.until("it is reached", w.isRunning("mute"));
  await w.rpc(token, "tools/list");
  mute.behaviour.hang = "tools/call";
  const calls = () => mute.requests.filter(({ method }) => method === "tools/call").length;
  const answers = await Promise.all(Array.from({ length: 5 }, () => call("mute__echo", { text: "hi" })));
  for (const { error } of answers)
    expect(error.message).toStartWith('server "mute": the server gave no answer within 1 s');
  const sent = calls();
  const refused = await Promise.all(Array.from({ length: 20 }, () => call("mute__echo", { text: "hi" })));
  for (const { error } of refused)
    expect(error.message).toMatch(
      /^server "mute" has not answered 5 times in a row \(last: the server gave no answer within 1 s.*\); it is tried again in \d s$/,
    );
  expect(calls() - sent).toBe(0);
  expect((await call("well__echo", { text: "hi" })).result.content[0].text).toBe("hi");
  expect((await status("mute")).breaker).toMatchObject({ state: "open", failures: 5 });
  // One tries, and waits in vain; whoever comes meanwhile does not.
  w.advance(7_000);
  const trial = call("mute__echo", { text: "hi" });
  await w.until("it is tried", () => calls() === sent + 1);
  expect((await status("mute")).breaker.state).toBe("half-open");
  expect((await call("mute__echo")).error.message).toEndWith("it is being tried again now");
  expect((await trial).error.message).toContain("gave no answer");
  expect((await call("mute__echo")).error.message).toMatch(/ 6 times .* in 14 s$/);
  delete mute.behaviour.hang;
  w.advance(14_000);
  expect((await call("mute__echo", { text: "back" })).result.content[0].text).toBe("back");
  expect((await status("mute")).breaker).toEqual({ state: "closed", failures: 0 });
  const lines = w.logs.map((line) => JSON.parse(line)).filter(({ server }) => server === "mute");
  expect(lines.map(({ message }) => message)).toEqual(
    expect.arrayContaining([
      "a server is left alone",
      "a server that was left alone is tried",
      "a server answers again",
    ]),
  );
});

test("errors of its own say nothing against a server", async () => {
  await serve("cross", { command: fixture("--name", "cross") });
  await w.until("it runs", w.isRunning("cross"));
  await w.rpc(token, "tools/list");
  for (let i = 0; i < 8; i++) await call("cross__fail");
  for (let i = 0; i < 8; i++) await call("cross__nothing");
  expect((await status("cross")).breaker).toEqual({ state: "closed", failures: 0 });
});

test("what sleeps is not woken for a look", async () => {
  await serve("lazy", { command: fixture("--name", "lazy"), start: "lazy" });
  for (let i = 0; i < 3; i++) await look();
  expect(await status("lazy")).toMatchObject({ state: "STOPPED" });
  expect((await status("lazy")).health).toBeUndefined();
  expect(await instance("lazy")).toMatchObject({ restarts: 0 });
});
