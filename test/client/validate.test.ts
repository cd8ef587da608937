import { expect, test } from "bun:test";
import { type Report, type Step, verdict } from "../../src/client/validator/report.ts";
import { type Check, validate } from "../../src/client/validator/validate.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { type Odd, startOddServer } from "./odd-server.ts";

const plain: Omit<Check, "url"> = {
  token: undefined,
  headers: {},
  protocol: "auto",
  timeoutMs: 5_000,
  expectTools: [],
  call: undefined,
};

async function judge(odd: Odd, check: Partial<Check> = {}): Promise<Report> {
  const server = startOddServer(odd);
  try {
    return await validate({ ...plain, url: server.url, ...check });
  } finally {
    await server.stop();
  }
}

const lastOf = ({ steps }: Report): Step => steps.at(-1) as Step;
const stepOf = ({ steps }: Report, name: string): Step | undefined => steps.find((step) => step.name === name);
const tool = (name: string, inputSchema: unknown = { type: "object" }) => ({ name, inputSchema });

test.each([
  ["legacy", "auto", "2025-11-25"],
  ["modern", "auto", "2026-07-28"],
  ["both", "auto", "2026-07-28"],
  ["both", "legacy", "2025-11-25"],
  ["modern", "modern", "2026-07-28"],
] as const)("a good %s server, spoken to as %s, passes on %s", async (era, protocol, version) => {
  const call = { tool: "echo", args: { text: "hello" } };
  const report = await judge({ era, pageSize: 2 }, { protocol, expectTools: ["echo", "slow"], call });
  expect(report).toMatchObject({ exitCode: 0, verdict: "pass", protocolVersion: version, serverInfo: { name: "odd" } });
  expect(report.era).toBe(version === "2026-07-28" ? "modern" : "legacy");
  expect(report.tools).toEqual(["echo", "fail", "slow", "big", "env", "odd.name/x"]);
  expect(report.steps.map(({ name }) => name)).toEqual([
    "reach",
    "connect",
    "eras",
    "tools/list",
    "schemas",
    "expected tools",
    "tools/call echo",
  ]);
  expect(lastOf(report).detail).toBe("hello");
  expect(report.steps.every(({ ms }) => ms >= 0 && ms < 5_000)).toBe(true);
});

test("the fixture server that gateway tests use passes as well", async () => {
  const server = startHttpServer({ bearer: "right" });
  const report = await validate({ ...plain, url: server.url, token: "right" });
  await server.stop();
  expect(report).toMatchObject({ exitCode: 0, serverInfo: { name: "fixture" } });
});

test("the legacy session is ended when all is done", async () => {
  const server = startOddServer({ era: "legacy" });
  await validate({ ...plain, url: server.url });
  await server.stop();
  expect(server.seen.map(({ method }) => method)).toContain("DELETE");
  expect(server.sessions.size).toBe(0);
});

test.each([
  ["a root that is no object", [tool("a"), tool("b", { type: "string" })], /tools\/1\/inputSchema\/type/],
  ["no schema", [{ name: "b" }], /tools\/0\/inputSchema/],
  ["the same name twice", [tool("a"), tool("a")], /a is listed twice/],
  ["a list that is none", "many", /tools: .*array/],
])("contract: %s", async (_what, tools, detail) => {
  const report = await judge({ tools });
  expect(report.exitCode).toBe(2);
  expect(lastOf(report)).toMatchObject({ name: "tools/list", ok: false, failure: "contract" });
  expect(lastOf(report).detail).toMatch(detail);
});

test("a name that only some clients take is told, not failed", async () => {
  const report = await judge({ tools: [tool("dotted.name"), tool("fine")] });
  expect(report.exitCode).toBe(0);
  expect(stepOf(report, "tools/list")?.detail).toBe("2 tools, 1 with names that some clients refuse");
});

test("pages without end and lists without measure are cut off", async () => {
  const server = startOddServer({ tools: [tool("a")], endless: true });
  const endless = await validate({ ...plain, url: server.url });
  await server.stop();
  expect(endless).toMatchObject({ exitCode: 2, steps: { 3: { failure: "contract" } } });
  expect(server.seen.filter(({ method }) => method === "tools/list")).toHaveLength(100);
  const many = await judge({ tools: Array.from({ length: 10_001 }, (_, i) => tool(`t${i}`)) });
  expect(lastOf(many)).toMatchObject({ ok: false, detail: "it lists more than 10000 tools" });
});

test("a proxy that breaks, or a session that is gone, in the middle is a transport failure", async () => {
  for (const status of [502, 404]) {
    const intercept: Odd["intercept"] = (_, method) =>
      method === "tools/list" ? new Response("bad day", { status }) : undefined;
    const report = await judge({ era: "legacy", intercept });
    expect(lastOf(report)).toMatchObject({ name: "tools/list", failure: "transport" });
    expect(lastOf(report).detail).toStartWith(`HTTP ${status}`);
  }
});

test("many quick pages do not stretch a step beyond its time", async () => {
  const wait: Odd["intercept"] = async (_, method) => {
    if (method === "tools/list") await Bun.sleep(20);
    return undefined;
  };
  const report = await judge({ tools: [tool("a")], endless: true, intercept: wait }, { timeoutMs: 300 });
  expect(lastOf(report)).toMatchObject({ name: "tools/list", failure: "transport", detail: "no answer within 0.3 s" });
  expect(lastOf(report).ms).toBeLessThan(1_500);
});

test("a server that refuses initialize in MCP's own words fails by contract", async () => {
  const error = { code: -32603, message: "not today" };
  const intercept: Odd["intercept"] = (_, method, id) =>
    method === "initialize" ? Response.json({ jsonrpc: "2.0", id, error }) : undefined;
  const report = await judge({ era: "legacy", intercept });
  expect(report.exitCode).toBe(2);
  expect(lastOf(report)).toMatchObject({ name: "connect", failure: "contract", detail: "error -32603: not today" });
});

test("a missing tool fails and the nearest name is told", async () => {
  const report = await judge({}, { expectTools: ["echo", "ecko"] });
  expect(report.exitCode).toBe(2);
  expect(lastOf(report).detail).toBe('missing: ecko Did you mean "echo"?');
});

test.each([
  ["isError", {}, { tool: "fail", args: {} }, "the tool answered an error: it failed"],
  ["an unknown tool", {}, { tool: "none", args: {} }, "error -32602: no tool none"],
  ["a result against the schema", { callResult: { content: "x" } }, { tool: "echo", args: {} }, /content: .*array/],
  // Words of the transport in the server's own answer do not make it a transport failure.
  ["an error", { callError: { code: -32603, message: "HTTP 401 timed out" } }, { tool: "echo", args: {} }, /timed out/],
])("contract: a call that answers %s", async (_what, odd, call, detail) => {
  const report = await judge(odd, { call });
  expect(report.exitCode).toBe(2);
  expect(lastOf(report).failure).toBe("contract");
  expect(lastOf(report).detail).toMatch(detail);
});

test("no token and a wrong one are authentication failures in different words", async () => {
  const none = await judge({ bearer: "right" });
  expect(none.exitCode).toBe(1);
  expect(none.steps).toHaveLength(1);
  expect(lastOf(none)).toMatchObject({ failure: "authentication" });
  expect(lastOf(none).detail).toStartWith("HTTP 401: it takes a token (--token)");
  const wrong = await judge({ bearer: "right" }, { token: "wrong-token" });
  expect(lastOf(wrong).detail).toBe("HTTP 401: the token is refused (no good: •••)");
  const forbidden = await judge({ intercept: () => new Response("not yours", { status: 403 }) }, { token: "other" });
  expect(lastOf(forbidden)).toMatchObject({ failure: "authentication" });
  expect(lastOf(forbidden).detail).toBe("HTTP 403: this token does not open this endpoint (not yours)");
});

test("a token that is refused only after the first step is an authentication failure too", async () => {
  const late = (status: number) => (_: Request, method: string) =>
    method === "tools/list" ? new Response("no", { status }) : undefined;
  for (const status of [401, 403]) {
    expect(await judge({ era: "legacy", intercept: late(status) })).toMatchObject({ exitCode: 1 });
  }
});

test("nothing that was sent as a secret is in the report, whatever the server echoes", async () => {
  const secrets = { token: "sesame-token", headers: { "x-api-key": "hunter-key" } };
  const echo = (request: Request) =>
    `${request.headers.get("authorization")} ${request.headers.get("x-api-key")} mcpctl_pat_${"a".repeat(49)}`;
  const answers: Odd["intercept"][] = [
    (request) => Response.json({ detail: echo(request) }, { status: 401 }),
    (request) => new Response(`${"x".repeat(990)} ${echo(request)}`, { status: 500 }),
    (request) => new Response(`<p>${echo(request)}`, { status: 404 }),
    (request, method) => (method === "tools/list" ? new Response(echo(request), { status: 400 }) : undefined),
  ];
  for (const intercept of answers) {
    const report = JSON.stringify(await judge({ era: "legacy", ...(intercept ? { intercept } : {}) }, secrets));
    expect(report).not.toMatch(/sesame|hunter|aaaaaaaa/);
  }
  const callError = { code: -32603, message: "sesame-token opens nothing" };
  const odds: Odd[] = [{ tools: [tool("sesame-token")] }, { callError }];
  for (const odd of odds) {
    const report = await judge(odd, { ...secrets, call: { tool: "echo", args: {} } });
    expect(JSON.stringify(report)).not.toContain("sesame");
  }
  const url = "http://user:password-in-url@127.0.0.1:1/mcp?a=%zz";
  expect((await validate({ ...plain, url })).url).toBe("http://user:•••@127.0.0.1:1/mcp?a=%zz");
});

test.each([
  ["reach", "*", /^no answer: nothing within 0.2 s$/],
  ["connect", "initialize", /^no answer within 0.2 s$/],
  ["tools/list", "tools/list", /^no answer within 0.2 s$/],
  ["tools/call echo", "tools/call", /^no answer within 0.2 s$/],
])("a server that hangs at %s is a transport failure in time", async (step, hung, detail) => {
  const intercept: Odd["intercept"] = (_, method) =>
    hung === "*" || method === hung ? new Promise(() => {}) : undefined;
  const call = { tool: "echo", args: {} };
  const start = performance.now();
  const report = await judge({ era: "legacy", intercept }, { timeoutMs: 200, call });
  expect(performance.now() - start).toBeLessThan(2_500);
  expect(lastOf(report)).toMatchObject({ name: step, failure: "transport" });
  expect(lastOf(report).detail).toMatch(detail);
  expect(report.exitCode).toBe(1);
});

test("nobody there, a redirect, a broken proxy and a page that is no MCP are transport failures", async () => {
  const gone = startOddServer();
  await gone.stop();
  expect(await validate({ ...plain, url: gone.url })).toMatchObject({ exitCode: 1, steps: [{ failure: "transport" }] });
  const elsewhere = new Response(null, { status: 307, headers: { location: "http://127.0.0.1:1/" } });
  for (const answer of [elsewhere, new Response("bad day", { status: 502 }), new Response("<p>hello")]) {
    expect((await judge({ intercept: () => answer.clone() })).exitCode).toBe(1);
  }
  expect((await judge({ era: "legacy" }, { protocol: "modern" })).exitCode).toBe(1);
});

test("answers that never end are cut off by size, not by time", async () => {
  const endless = (status: number) => {
    const pull = (controller: ReadableStreamDefaultController) => controller.enqueue(Buffer.alloc(1024 * 1024, "x"));
    return new Response(new ReadableStream({ pull }), { status, headers: { "content-type": "application/json" } });
  };
  const refused = await judge({ intercept: () => endless(401) }, { timeoutMs: 20_000 });
  expect(lastOf(refused)).toMatchObject({ name: "reach", failure: "authentication" });
  const flooded = (_: Request, method: string) => (method === "tools/list" ? endless(200) : undefined);
  const listed = await judge({ intercept: flooded }, { timeoutMs: 20_000 });
  expect(lastOf(listed)).toMatchObject({ failure: "contract", detail: "an answer is over 64 MiB" });
});

test("the verdict is that of the first failure", () => {
  const step = (failure?: Step["failure"]): Step => ({
    name: "x",
    ms: 1,
    detail: "",
    ok: failure === undefined,
    ...(failure === undefined ? {} : { failure }),
  });
  expect(verdict([step(), step()]).exitCode).toBe(0);
  expect(verdict([step(), step("transport")]).exitCode).toBe(1);
  expect(verdict([step("authentication")]).exitCode).toBe(1);
  expect(verdict([step("contract")]).exitCode).toBe(2);
});

test("health that is not 2xx ends it before anything else is asked", async () => {
  const { exitCode, steps } = await judge({}, { health: "/nothing" });
  expect([exitCode, steps]).toMatchObject([1, [{ name: "health", ok: false, failure: "transport" }]]);
});
