import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { legacyClient, modernClient } from "../mcp-client.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { fixture, type World, world } from "../world.ts";

/** The bounds of docs/servers.md: each is set by its field, says so when it is reached, and is counted. */
let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

let made = 0;
/** A project of its own with one server; answers what the tests need of it. */
async function project(limits: { server?: object; project?: object } = {}, tokens = 1) {
  const [name, server] = [`p${++made}`, `s${made}`];
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: server, command: fixture("--name", server), limits: limits.server ?? {} },
      { kind: "project", name, servers: [server], limits: limits.project ?? {} },
    ],
  });
  const minted = Array.from({ length: tokens }, (_, n) =>
    w.must("POST", "/api/v1/mcptokens", { name: `t${made}-${n}`, project: name }),
  );
  await w.until("it runs", w.isRunning(server));
  return { name, server, tokens: (await Promise.all(minted)).map(({ token }) => token as string) };
}

/** One tools/call of a modern client, with what HTTP says. */
async function modernCall(token: string, name: string, args: object = {}) {
  const _meta = { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} };
  const response = await w.fetch(
    new Request(`${w.url}/mcp`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json",
        "mcp-protocol-version": modernVersion,
        "mcp-method": "tools/call",
        "mcp-name": name,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: args, _meta } }),
    }),
  );
  const retryAfter = response.headers.get("retry-after");
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: response.status, retryAfter, error: ((await response.json()) as any).error };
}

const slow = { ms: 400 };
const total = (what: Parameters<World["rooms"]["counters"]["numbers"]>[0], name: string) =>
  w.rooms.counters.numbers(what).get(name) ?? 0;
const underWay = (server: string, count: number) =>
  w.until(`${count} under way`, () => total("calls_under_way", server) === count);

describe("calls of one token", () => {
  test("beyond limits.inFlight of the project are refused, and those of another go on", async () => {
    const { name, server, tokens } = await project({ project: { inFlight: 2 } }, 2);
    const [mine = "", other = ""] = tokens;
    const tool = `${server}__slow`;
    const running = [modernCall(mine, tool, slow), modernCall(mine, tool, slow)];
    await underWay(server, 2);
    const message = "This token has 2 calls under way; limits.inFlight of the project sets this";
    const error = { code: -32000, message };
    expect(await modernCall(mine, tool)).toEqual({ status: 429, retryAfter: "1", error });
    // Outside of a session an answer is plain HTTP too; within one, 429 is the end of the transport to some clients.
    const plain = await w.rpc(mine, "tools/call", { name: tool });
    expect([plain.status, plain.headers.get("retry-after"), plain.json.error]).toEqual([429, "1", error]);
    const client = await legacyClient(w, mine);
    expect((await client.request("tools/call", { name: tool })).error).toEqual(error);
    expect((await client.request("tools/list")).result.tools.length).toBeGreaterThan(0);
    expect((await modernCall(other, `${server}__echo`)).error).toBeUndefined();
    expect(total("token_calls_refused", name)).toBe(3);
    await Promise.all(running);
    expect((await modernCall(mine, tool, { ms: 1 })).error).toBeUndefined();
  });

  test("are told in the audit log as others are", async () => {
    const { server, tokens } = await project({ project: { inFlight: 1 } });
    const running = modernCall(tokens[0] ?? "", `${server}__slow`, slow);
    await underWay(server, 1);
    await modernCall(tokens[0] ?? "", `${server}__slow`);
    await running;
    const events = (await w.api("GET", `/api/v1/audit/events?kind=call&server=${server}`)).json.items;
    expect(events.map(({ outcome }: { outcome: string }) => outcome).toSorted()).toEqual(["error", "ok"]);
  });
});

describe("calls to one server", () => {
  test("wait beyond limits.inFlight of the server, and are refused beyond limits.queue", async () => {
    const { server, tokens } = await project({ server: { inFlight: 1, queue: 2 } }, 2);
    const [one = "", two = ""] = tokens;
    const tool = `${server}__slow`;
    const first = modernCall(one, tool, slow);
    await underWay(server, 1);
    const running = [first, modernCall(one, tool, { ms: 1 }), modernCall(two, tool, { ms: 1 })];
    await w.until("two wait", () => total("calls_waiting", server) === 2);
    const refused = await modernCall(two, tool);
    const words = "it has 1 calls under way and 2 waiting; limits.inFlight and limits.queue of the server set this";
    expect(refused).toEqual({
      status: 429,
      retryAfter: "1",
      error: { code: -32000, message: `server "${server}": ${words}` },
    });
    expect((await Promise.all(running)).map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect([total("calls_refused", server), total("calls_waited", server)]).toEqual([1, 2]);
    // Nothing is wrong with the server.
    expect(await w.isRunning(server)()).toBe(true);
  });

  test("have the time of the server, or less where the project says so", async () => {
    const ofServer = await project({ server: { callSeconds: 1 } });
    const ofProject = await project({ project: { callSeconds: 1 } });
    const late = async ({ server, tokens: [token = ""] }: typeof ofServer) =>
      (await modernCall(token, `${server}__slow`, { ms: 3_000 })).error.message;
    const [server, project_] = await Promise.all([late(ofServer), late(ofProject)]);
    expect(server).toContain("no answer within 1 s; limits.callSeconds of the server sets this");
    expect(project_).toContain("no answer within 1 s; limits.callSeconds of the project sets this");
    expect(total("calls_unanswered", ofServer.server)).toBe(1);
  });
});

describe("a message", () => {
  test("of a server beyond its bounds fails its call at once", async () => {
    const { server, tokens } = await project({ server: { messageBytes: 100 * 1024 } });
    const { error } = await modernCall(tokens[0] ?? "", `${server}__big`, { kib: 200 });
    const words = "its message is over 100 KiB; limits.messageBytes of the server sets this";
    expect(error).toEqual({ code: -32603, message: `server "${server}": ${words}` });
    expect(total("messages_refused", server)).toBe(1);
  });

  test("of a server may be bigger than usual where its limits say so", async () => {
    const { server, tokens } = await project({ server: { messageBytes: 16 * 1024 * 1024 } });
    expect((await modernCall(tokens[0] ?? "", `${server}__big`, { kib: 11 * 1024 })).error).toBeUndefined();
  });

  test("of a line that is too long ends the process, and its call is told why", async () => {
    const { server, tokens } = await project({ server: { messageBytes: 2_048, lineBytes: 20_480 } });
    const { error } = await modernCall(tokens[0] ?? "", `${server}__big`, { kib: 100 });
    expect(error.message).toContain("it wrote a line of over 20 KiB; limits.lineBytes of the server sets this");
    expect(total("lines_too_long", server)).toBe(1);
    await w.until("it runs again", w.isRunning(server));
  });

  test.each([
    [
      "messageBytes",
      4_096,
      { x: "y".repeat(5_000) },
      413,
      "The body is over 4 KiB; limits.messageBytes of the project",
    ],
    ["depth", 10, { x: JSON.parse(`${"[".repeat(11)}${"]".repeat(11)}`) }, 400, "nested over 10 deep; limits.depth"],
    ["elements", 100, { x: Array(200).fill(0) }, 400, "over 100 values, or over 20 with a key; limits.elements"],
    ["elements", 200, Object.fromEntries(Array.from({ length: 50 }, (_, n) => [n, n])), 400, "over 40 with a key"],
  ])("of a client beyond limits.%s is refused with %s", async (field, most, args, status, words) => {
    const { name, server, tokens } = await project({ project: { [field]: most } });
    const response = await w.rpc(tokens[0] ?? "", "tools/call", { name: `${server}__echo`, arguments: args });
    expect([response.status, response.text]).toEqual([status, expect.stringContaining(words)]);
    expect(total("requests_refused", name)).toBe(1);
  });

  test("of a client may be bigger than usual where its project says so", async () => {
    const { server, tokens } = await project({
      project: { messageBytes: 8 * 1024 * 1024, elements: 500_000, depth: 100 },
    });
    const args = { text: "ok", x: "y".repeat(6 * 1024 * 1024), deep: JSON.parse(`${"[".repeat(90)}${"]".repeat(90)}`) };
    const { json } = await w.rpc(tokens[0] ?? "", "tools/call", { name: `${server}__echo`, arguments: args });
    expect(json.result.content[0].text).toBe("ok");
  });
});

describe("sessions of one token beyond limits.sessions of the project", () => {
  test("take the place of the idle one that was used longest ago, which goes on as one that has nothing going on", async () => {
    const { name, tokens } = await project({ project: { sessions: 2 } });
    const clients = [];
    for (let n = 0; n < 3; n++) {
      const client = await legacyClient(w, tokens[0] ?? "");
      await client.request("tools/list");
      clients.push(client);
    }
    expect(total("sessions_ended", name)).toBe(1);
    expect((await clients[0]?.request("tools/list"))?.result.tools.length).toBeGreaterThan(0);
    expect(total("sessions_refused", name)).toBe(0);
  });

  test("are refused only when all are busy", async () => {
    const { name, server, tokens } = await project({ project: { sessions: 2 } });
    const [token = ""] = tokens;
    const [busy, listening, third] = [
      await legacyClient(w, token),
      await legacyClient(w, token),
      await legacyClient(w, token),
    ];
    await listening.listen();
    const running = busy.request("tools/call", { name: `${server}__slow`, arguments: slow });
    await underWay(server, 1);
    const words = "This token has 2 sessions with something going on; limits.sessions of the project sets this";
    const refused = await third.request("tools/list");
    expect(refused.error).toEqual({ code: -32000, message: words });
    expect(total("sessions_refused", name)).toBe(1);
    expect((await running).result.content[0].text).toBe("done");
    expect((await third.request("tools/list")).result).toBeDefined();
    listening.close();
  });
});

test("a bound that is changed holds from the next call on", async () => {
  const { name, server, tokens } = await project({}, 1);
  const call = () => modernCall(tokens[0] ?? "", `${server}__big`, { kib: 200 });
  expect((await call()).error).toBeUndefined();
  await w.must("PUT", `/api/v1/servers/${server}`, {
    name: server,
    command: fixture("--name", server),
    limits: { messageBytes: 100 * 1024 },
  });
  await w.until("it is bound", async () => (await call()).error?.message.includes("over 100 KiB") === true);
  await w.must("PUT", `/api/v1/projects/${name}`, { name, servers: [server], limits: { messageBytes: 2_048 } });
  const big = { name: `${server}__echo`, arguments: { text: "x".repeat(3_000) } };
  expect((await w.rpc(tokens[0] ?? "", "tools/call", big)).status).toBe(413);
});

test("and so does one of a server that is reached by url", async () => {
  const server = startHttpServer({ name: "far" });
  await w.must("POST", "/api/v1/servers", { name: "far", url: server.url });
  await w.must("POST", "/api/v1/projects", { name: "afar", servers: ["far"] });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "afar" });
  await w.until("it runs", w.isRunning("far"));
  const call = () => modernCall(token, "far__big", { kib: 200 });
  expect((await call()).error).toBeUndefined();
  await w.must("PUT", "/api/v1/servers/far", { name: "far", url: server.url, limits: { messageBytes: 100 * 1024 } });
  expect((await call()).error.message).toContain("its answer is over 100 KiB; limits.messageBytes of the server");
  await server.stop();
});

test("what is told of changes that are too many is told all the same, later and together", async () => {
  const server = startStreamingServer({ name: "newsy", eras: ["modern"] });
  await w.must("POST", "/api/v1/servers", { name: "newsy", url: server.url, limits: { notificationsPerSecond: 2 } });
  const created = await w.must("POST", "/api/v1/projects", { name: "news", servers: ["newsy"] });
  expect(created.name).toBe("news");
  await w.until("it runs", w.isRunning("newsy"));
  const client = await modernClient(w, w.admin, { path: "/projects/news/mcp" });
  const uris = ["fixture://newsy/one", "fixture://shared"];
  await client.listen(uris);
  const touch = (uri: string) => client.request("tools/call", { name: "newsy__touch", arguments: { uri } });
  for (let n = 0; n < 10; n++) await touch("fixture://newsy/one");
  await touch("fixture://shared");
  const told = () => client.heard.filter(({ method }) => method === "notifications/resources/updated");
  await w.until("both are told of", () => uris.every((uri) => told().some(({ params }) => params.uri === uri)));
  expect(total("notifications_delayed", "newsy")).toBeGreaterThan(0);
  client.close();
  await server.stop();
});
