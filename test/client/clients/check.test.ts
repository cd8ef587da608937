import { afterAll, describe, expect, test } from "bun:test";
import { check } from "../../../src/client/clients/check/check.ts";
import { clientRow } from "../../../src/client/clients/index.ts";
import { type Odd, startOddServer } from "../odd-server.ts";

const token = "mcpctl_pat_of_check";
const servers: { stop: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

/** The first steps of a client against a server that is wrong in one way. */
async function visited(id: string, odd: Odd, name = "demo", timeoutMs = 2_000) {
  const server = startOddServer(odd);
  servers.push(server);
  const report = await check(clientRow(id).check, {
    ...{ url: server.url, name, token, origin: "http://127.0.0.1:8080", timeoutMs },
    fetch: (request) => fetch(request),
  });
  return { ...report, seen: server.seen, sessions: server.sessions, last: report.steps.at(-1)?.detail ?? "" };
}

const at =
  (wanted: string, answer: () => Response | Promise<Response>): NonNullable<Odd["intercept"]> =>
  (_request, method) =>
    method === wanted ? answer() : undefined;
const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(code === 405 ? null : `no ${token}`, { status: code, headers });
const html = () => new Response("<html><title>Not here</title>", { headers: { "content-type": "text/html" } });
const tool = (name: string, more: object = {}) => ({
  name,
  description: "x",
  inputSchema: { type: "object" },
  ...more,
});

describe("each step can fail, and is named", () => {
  const legacy = { era: "legacy" } as const;
  const rows: [client: string, odd: Odd, failed: string, exit: 1 | 2, detail: RegExp][] = [
    [
      "claude-code",
      { bearer: "another" },
      "server/discover",
      1,
      /HTTP 401: the token is refused \(no good: Bearer •••/,
    ],
    ["claude-code", { intercept: at("server/discover", html) }, "server/discover", 2, /a page of HTML/],
    ["claude-code", { intercept: at("server/discover", status(502)) }, "server/discover", 1, /HTTP 502/],
    ["codex", { era: "modern" }, "initialize", 2, /refused: unsupported version/],
    // The odd server always answers 2025-11-25.
    ["codex", legacy, "initialize", 2, /offered 2025-06-18, it answers 2025-11-25/],
    [
      "cursor",
      { ...legacy, intercept: at("initialize", status(302, { location: "/" })) },
      "initialize",
      1,
      /leads elsewhere/,
    ],
    [
      "cursor",
      { ...legacy, intercept: at("initialize", () => Bun.sleep(3_000).then(html)) },
      "initialize",
      1,
      /nothing within 2 s/,
    ],
    [
      "cursor",
      { ...legacy, intercept: at("notifications/initialized", status(400)) },
      "initialize",
      2,
      /gets HTTP 400, and not 202/,
    ],
    ["qwen", { ...legacy, intercept: at("GET", status(404)) }, "GET", 2, /HTTP 404.*a stream or 405/],
    ["qwen", { ...legacy, tools: [] }, "tools/list", 2, /no tools/],
    ["qwen", { ...legacy, tools: "none" }, "tools/list", 2, /is none/],
    ["qwen", { ...legacy, endless: true }, "tools/list", 2, /more than 32 pages/],
    ["jan", { ...legacy, intercept: at("initialize", answered("2025-06-18")) }, "initialize", 2, /HTTP 400/],
    [
      "llama-cpp",
      { ...legacy, intercept: at("OPTIONS", status(403)) },
      "OPTIONS",
      1,
      /--allowed-origins http:\/\/127.0.0.1:8080/,
    ],
    [
      "llama-cpp",
      { ...legacy, intercept: at("OPTIONS", leave("content-type")) },
      "OPTIONS",
      2,
      /may not send authorization, mcp-session-id/,
    ],
    ["smolagents", { ...legacy, pageSize: 2 }, "tools/list", 2, /one page, of 2 tools/],
    ["librechat", { ...legacy, intercept: at("HEAD", status(401)) }, "HEAD without token", 2, /requiresOAuth: false/],
    ["librechat", { ...legacy, intercept: challenged }, "HEAD without token", 2, /names Bearer/],
    ["mcp-remote", { ...legacy, intercept: at("GET", html) }, "well-known", 2, /something else than JSON/],
    ["cursor", { ...legacy, tools: [tool("a".repeat(57))] }, "names", 2, /longer than 60/],
    [
      "continue",
      { ...legacy, tools: [tool("a.b"), tool("a/b"), tool("c")] },
      "characters",
      2,
      /refuse these names: a.b, a\/b$/,
    ],
  ];
  test.each(rows)("%s: %j", async (client, odd, failed, exit, detail) => {
    const report = await visited(client, odd);
    expect([report.failed, report.exitCode]).toEqual([failed, exit]);
    expect(report.steps.find(({ ok }) => !ok)?.detail).toMatch(detail);
    expect(JSON.stringify(report.steps)).not.toContain(token);
  });

  test("too many tools, or too much of them, is judged after a name is", async () => {
    const many = Array.from({ length: 51 }, (_, n) => tool(`t${n}`));
    const cors = at("OPTIONS", leave("authorization, content-type, mcp-session-id, mcp-protocol-version"));
    expect(await visited("llama-cpp", { era: "legacy", intercept: cors, tools: many })).toMatchObject({
      failed: "size",
      exitCode: 2,
    });
    const fat = [tool("fat", { description: "x".repeat(100_000) })];
    const report = await visited("llama-cpp", { era: "legacy", intercept: cors, tools: fat });
    expect(report.last).toMatch(/1 tool, 100\.\d kB: the client bears about 90 kB/);
    // A page says where it comes from with every request.
    expect(report.seen.slice(1).map(({ headers }) => headers.get("origin"))).not.toContain(null);
  });
});

test("a client of now needs no session; one of before ends its own", async () => {
  const modern = await visited("claude-code", {});
  expect(modern).toMatchObject({ exitCode: 0, tools: 6 });
  expect(modern.seen.map(({ method }) => method)).toEqual(["server/discover", "tools/list"]);
  const legacy = await visited("claude-code", { era: "legacy" });
  expect(legacy).toMatchObject({ exitCode: 0 });
  expect(legacy.seen.map(({ method }) => method)).toEqual([
    "server/discover",
    "initialize",
    "notifications/initialized",
    "tools/list",
    "DELETE",
  ]);
  expect(legacy.sessions.size).toBe(0);
  const gemini = await visited("opencode", { era: "legacy" });
  expect(gemini.seen.find(({ method }) => method === "tools/list")?.headers.get("mcp-protocol-version")).toBe(
    "2025-11-25",
  );
});

/** The server for vLLM: a stream, and posts that are answered in it. */
function sse({ endpoint = "/message", name = "container", tools = [tool("a")] as object[], status: code = 200 } = {}) {
  const seen: (string | null)[] = [];
  let say: (event: string, data: string) => void = () => {};
  const answer: Record<string, object> = {
    initialize: { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name, version: "1" } },
    "tools/list": { tools },
  };
  const serve = async (request: Request): Promise<Response> => {
    seen.push(request.headers.get("authorization"));
    if (request.method === "GET") {
      const stream = new ReadableStream({
        start(controller) {
          say = (event, data) => controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${data}\n\n`));
          request.signal.addEventListener("abort", () => controller.error(new Error("gone")));
          say("endpoint", endpoint);
        },
      });
      return new Response(code === 200 ? stream : "no", {
        status: code,
        headers: { "content-type": "text/event-stream" },
      });
    }
    const { id, method } = (await request.json()) as { id?: number; method: string };
    if (id !== undefined) say("message", JSON.stringify({ jsonrpc: "2.0", id, result: answer[method] }));
    return new Response(null, { status: 202 });
  };
  const go = (url = "http://gw:3200/projects/demo/vllm/container/sse") =>
    check(clientRow("vllm").check, { url, name: "container", token, origin: "", timeoutMs: 500, fetch: serve });
  return { seen, go };
}

test("vLLM: the token in the address, and every step", async () => {
  const good = sse();
  expect(await good.go()).toMatchObject({ exitCode: 0, failed: undefined, tools: 1 });
  expect(new Set(good.seen)).toEqual(new Set([`Basic ${btoa(`t:${token}`)}`]));
  const failing: [step: string, exit: number, server: Parameters<typeof sse>[0]][] = [
    ["GET sse", 1, { status: 404 }],
    ["GET sse", 1, { endpoint: "http://gw:3200/message" }],
    ["initialize", 2, { name: "demo" }],
    ["tools/list", 2, { tools: [] }],
    ["schemas", 2, { tools: [{ name: "a", inputSchema: { type: "object" } }] }],
    ["schemas", 2, { tools: [tool("a", { inputSchema: { properties: { x: { anyOf: [{ $ref: "#/x" }] } } } })] }],
    ["names", 2, { tools: [tool("a.b")] }],
  ];
  for (const [failed, exitCode, server] of failing) expect(await sse(server).go()).toMatchObject({ failed, exitCode });
  expect(await good.go("https://gw/projects/demo/vllm/container/sse")).toMatchObject({
    failed: "address",
    exitCode: 2,
  });
});

function answered(version: string) {
  return () => Response.json({ jsonrpc: "2.0", id: 1, result: { protocolVersion: version, capabilities: {} } });
}
function leave(headers: string) {
  return () =>
    new Response(null, {
      status: 204,
      headers: { "access-control-allow-origin": "http://127.0.0.1:8080", "access-control-allow-headers": headers },
    });
}
function challenged(request: Request, method: string): Response | undefined {
  if (request.headers.has("authorization") || method === "HEAD") return undefined;
  return new Response(null, { status: 401, headers: { "www-authenticate": 'bearer realm="x"' } });
}
