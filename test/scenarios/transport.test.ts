import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { metaKeys, modernVersion } from "../../src/mcp/protocol.ts";
import { eventsSeen, type SeenEvent } from "../events.ts";
import { startRecorder } from "../fuzz/recorder.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type World, world } from "../world.ts";

/** What the two transports demand (test/requirements.ts) and no other test is about. */
let w: World;
let token: string;
const web = startHttpServer({ name: "web" });
const plain = startPlainServer();
/** Of the modern era, with a type of result that nobody knows, or none. */
const odd = startRecorder((tool) => (tool === "fail" ? "made-up" : undefined));

beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "web", url: web.url },
      { kind: "server", name: "plain", url: plain.url },
      { kind: "server", name: "odd", url: odd.url },
      { kind: "project", name: "demo", servers: ["web", "plain", "odd"] },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" })).token;
  await w.until("both are there", async () =>
    (await Promise.all(["web", "plain", "odd"].map((name) => w.isRunning(name)()))).every(Boolean),
  );
});
afterAll(async () => {
  await w.close();
  await Promise.all([web.stop(), plain.stop(), odd.stop()]);
});

/** A legacy server with tools and nothing else, which keeps how it was spoken to. */
function startPlainServer() {
  const seen: { method: string; message: Record<string, unknown>; headers: Headers }[] = [];
  const capabilities = { tools: {} };
  const serverInfo = { name: "plain", version: "1" };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const message = request.method === "POST" ? ((await request.json()) as Record<string, unknown>) : {};
      seen.push({ method: request.method, message, headers: request.headers });
      if (request.method !== "POST") return new Response(null, { status: 405 });
      if (message["id"] === undefined) return new Response(null, { status: 202 });
      const answers: Record<string, object> = {
        initialize: { result: { protocolVersion: "2025-06-18", capabilities, serverInfo } },
        "tools/list": { result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] } },
        "tools/call": { result: { content: [] } },
      };
      const answer = answers[String(message["method"])] ?? { error: { code: -32601, message: "unknown" } };
      const headers = message["method"] === "initialize" ? { "mcp-session-id": "s-1" } : undefined;
      return Response.json({ jsonrpc: "2.0", id: message["id"], ...answer }, headers === undefined ? {} : { headers });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/mcp`, seen, stop: () => server.stop(true) };
}

type Sent = { headers?: Record<string, string>; method?: string; body?: object; signal?: AbortSignal };

const send = async ({ headers = {}, method = "POST", body, signal }: Sent) =>
  await w.fetch(
    new Request(`${w.url}/projects/demo/mcp`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify({ jsonrpc: "2.0", ...body }) }),
      ...(signal === undefined ? {} : { signal }),
    }),
  );

const _meta = { [metaKeys.protocolVersion]: modernVersion, [metaKeys.clientCapabilities]: {} };
const modern = (method: string, params: Record<string, unknown> = {}): Sent => ({
  headers: {
    "mcp-protocol-version": modernVersion,
    "mcp-method": method,
    ...(typeof params["name"] === "string" ? { "mcp-name": params["name"] } : {}),
  },
  body: { id: 1, method, params: { ...params, _meta } },
});

describe("a POST", () => {
  test("of a notification or an answer that is taken is 202 without a body", async () => {
    const taken = [
      { method: "notifications/initialized" },
      { method: "notifications/made-up", params: { _meta } },
      { id: 7, result: {} },
      { id: 7, error: { code: 1, message: "x" } },
    ];
    for (const body of taken) {
      const response = await send({ body });
      expect([response.status, await response.text()]).toEqual([202, ""]);
    }
  });

  test("of a notification or an answer that cannot be taken is an error of HTTP", async () => {
    const wrong = [
      { method: 5 },
      { method: "notifications/x", params: [] },
      { result: {} },
      { id: 7, result: {}, error: { code: 1, message: "x" } },
    ];
    for (const body of wrong) expect((await send({ body })).status).toBe(400);
  });

  test("of a request without a proper id is no request", async () => {
    for (const id of [null, 1.5, true, {}, []]) {
      const response = await send({ body: { id, method: "ping" } });
      expect([id, response.status]).toEqual([id, 400]);
    }
  });

  test("in a version that nobody knows is 400", async () => {
    for (const version of ["1999-01-01", "2025-11-26", "latest", "2025-11-25, 2025-11-25"]) {
      const response = await send({ headers: { "mcp-protocol-version": version }, body: { id: 1, method: "ping" } });
      expect([version, response.status]).toEqual([version, 400]);
    }
  });

  test("that is refused says so under its own id, with a number and words", async () => {
    const sent = modern("tools/call", { name: "web__echo" });
    const withoutMeta = {
      ...sent,
      body: { id: "x", method: "tools/call", params: { _meta: { [metaKeys.clientCapabilities]: {} } } },
    };
    for (const [one, status, code] of [
      [{ ...sent, headers: {} }, 400, -32020],
      [withoutMeta, 400, -32602],
      [modern("made/up"), 404, -32601],
    ] as const) {
      const response = await send(one);
      const answer = (await response.json()) as { id: unknown; error: { code: number; message: string } };
      expect([response.status, answer.id, answer.error.code]).toEqual([status, (one.body as { id: unknown }).id, code]);
      expect(answer.error.message).toBeString();
    }
  });

  test("of the modern era has no session, whatever it claims", async () => {
    const sent = modern("tools/list");
    const response = await send({ ...sent, headers: { ...sent.headers, "mcp-session-id": "made-up" } });
    expect([response.status, response.headers.get("mcp-session-id")]).toEqual([200, null]);
  });

  test("of the modern era whose client goes away is taken back at its server", async () => {
    const told = () => web.requests.filter(({ method }) => method === "notifications/cancelled").length;
    const [before, calls] = [told(), web.requests.length];
    const leaving = new AbortController();
    const sent = send({
      ...modern("tools/call", { name: "web__slow", arguments: { ms: 5_000 } }),
      signal: leaving.signal,
    });
    await w.until("it has arrived", () => web.requests.slice(calls).some(({ method }) => method === "tools/call"));
    leaving.abort();
    const response = await sent.catch(() => undefined);
    await w.until("the server is told", () => told() > before);
    expect(await response?.text().catch(() => "")).not.toContain('"result"');
  });
});

test("streams of a session: an answer goes where its request came, news to one stream only, ids are no other's, a rest is its own", async () => {
  const hello = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  const session =
    (await send({ body: { id: 0, method: "initialize", params: hello } })).headers.get("mcp-session-id") ?? "";
  const headers = { "mcp-session-id": session };
  const listening = [];
  for (let n = 0; n < 2; n++) {
    const response = await send({ method: "GET", headers: { ...headers, accept: "text/event-stream" } });
    if (response.status === 200) listening.push(eventsSeen(response).seen);
  }
  // Servers of the set-up may still be telling what they offer.
  const heard = listening.map((list) => list.length);
  const slow = (id: number) =>
    send({ headers, body: { id, method: "tools/call", params: { name: "web__slow", arguments: { ms: 1_300 } } } });
  const calls = (await Promise.all([slow(1), slow(2)])).map((response) => eventsSeen(response).seen);
  await w.must("PUT", "/api/v1/projects/demo", {
    name: "demo",
    servers: ["web", "plain", "odd"],
    description: "changed",
  });
  const messagesIn = (list: readonly SeenEvent[]): { id?: unknown; method?: string }[] =>
    list.flatMap(({ data }) => (data === "" ? [] : JSON.parse(data)));
  const answers = (list: readonly SeenEvent[]) => messagesIn(list).flatMap(({ id }) => id ?? []);
  await w.until("both are answered", () => calls.every((list) => answers(list).length > 0));
  expect(calls.map(answers)).toEqual([[1], [2]]);
  const news = listening.filter((list, n) =>
    messagesIn(list.slice(heard[n])).some(({ method }) => method === "notifications/tools/list_changed"),
  );
  expect(listening.flatMap(answers)).toEqual([]);
  expect(news).toHaveLength(1);
  // An event without a message only says where its stream stands.
  const ids = [...listening, ...calls].flat().flatMap(({ id, data }) => (data === "" ? [] : [id]));
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(ids.length);
  const lastId = calls[0]?.[0]?.id ?? "";
  const { seen: rest } = eventsSeen(
    await send({ method: "GET", headers: { ...headers, accept: "text/event-stream", "last-event-id": lastId } }),
  );
  await w.until("the rest comes", () => answers(rest).length > 0);
  expect(answers(rest)).toEqual([1]);
  await send({ method: "DELETE", headers });
});

test("a legacy server is initialized first, then told so, and hears its session and version with all that follows", async () => {
  await send({ body: { id: 1, method: "tools/call", params: { name: "plain__echo" } } });
  const posts = plain.seen.filter(({ method }) => method === "POST");
  // It was asked for the modern era first, and knows nothing of that.
  const from = posts.findIndex(({ message }) => message["method"] === "initialize");
  const [first, second, ...others] = posts.slice(from);
  expect(Object.keys(first?.message["params"] ?? {})).toEqual(
    expect.arrayContaining(["protocolVersion", "capabilities", "clientInfo"]),
  );
  expect(first?.headers.get("mcp-session-id")).toBeNull();
  expect(second?.message["method"]).toBe("notifications/initialized");
  expect(others.length).toBeGreaterThan(0);
  for (const { headers } of [second, ...others].filter((post) => post !== undefined))
    expect([headers.get("mcp-session-id"), headers.get("mcp-protocol-version")]).toEqual(["s-1", "2025-06-18"]);
  for (const { headers } of posts)
    expect(headers.get("accept")).toMatch(
      /application\/json.*text\/event-stream|text\/event-stream.*application\/json/,
    );
  for (const { method, headers } of plain.seen)
    if (method === "GET") expect(headers.get("accept")).toContain("text/event-stream");
});

test("a server is asked for nothing that it did not say it has", async () => {
  await Promise.all(
    ["prompts/list", "resources/list", "resources/templates/list"].map((method) => send({ body: { id: 1, method } })),
  );
  const asked = new Set(plain.seen.map(({ message }) => message["method"]));
  for (const method of [
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "completion/complete",
    "logging/setLevel",
  ])
    expect(asked.has(method)).toBe(false);
});

test("a result without a type is complete, one of a type that nobody knows is none", async () => {
  for (const era of [modern, (method: string, params: object): Sent => ({ body: { id: 1, method, params } })]) {
    const call = async (name: string) => (await send(era("tools/call", { name, arguments: { text: "hi" } }))).json();
    expect(await call("odd__echo")).toMatchObject({ result: { content: [{ type: "text", text: "hi" }] } });
    expect(await call("odd__fail")).toMatchObject({ error: { code: -32603 } });
  }
});
