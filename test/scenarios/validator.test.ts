import { afterAll, expect, test } from "bun:test";
import { type Check, validate } from "../../src/client/validator/validate.ts";
import { fixture, world } from "../world.ts";

const w = await world();
afterAll(() => w.close());
await w.must("POST", "/api/v1/apply", {
  documents: [
    { kind: "server", name: "up", command: fixture() },
    { kind: "project", name: "demo", servers: ["up"] },
  ],
});
const mint = async (name: string): Promise<string> =>
  (await w.must("POST", "/api/v1/mcptokens", { name, project: "demo" })).token;
const [token, otherToken] = [await mint("one"), await mint("two")];
await w.until("the server is there", w.isRunning("up"));
const url = await w.listen();

const check = (path: string, over: Partial<Check> = {}): Check => ({
  url: `${url}${path}`,
  token,
  headers: {},
  protocol: "auto",
  timeoutMs: 10_000,
  expectTools: ["up__echo"],
  call: undefined,
  ...over,
});

test("mcpctl itself keeps what the protocol demands and withstands what is known", async () => {
  const report = await validate(check("/mcp", { suites: ["conformance", "security"], otherToken, health: "/healthz" }));
  const results = report.suites?.flatMap(({ suite, results: rows }) => rows.map((row) => ({ suite, ...row }))) ?? [];
  expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  expect(report).toMatchObject({ exitCode: 0, eras: { modern: "2026-07-28", legacy: "2025-11-25" }, findings: [] });
  expect(report.steps[0]).toMatchObject({ name: "health", ok: true, detail: "HTTP 200" });
  // Each probe but the one that was not asked for.
  const skipped = results.filter(({ suite, outcome }) => suite === "security" && outcome === "skipped");
  expect(skipped.map(({ id }) => id)).toEqual(["MCP-SEC-024"]);
  // Recommended, and left to clients here: what they accept, and a session where nothing depends on one. The code for a resource that is not
  // there is the fixture's own.
  const warned = new Set(results.filter(({ outcome }) => outcome === "warned").map(({ id }) => id));
  expect([...warned]).toEqual(["MCP-CON-013", "MCP-CON-017", "MCP-CON-111", "MCP-CON-113"]);
});

test("the transport of 2024-11-05 is known by itself, and suites say that they do not speak it", async () => {
  const call = { tool: "up__echo", args: { text: "hi" } };
  const report = await validate(check("/projects/demo/sse", { call, expectText: "hi" }));
  expect(report).toMatchObject({ exitCode: 0, transport: "sse", era: "legacy" });
  const suite = await validate(check("/projects/demo/sse", { suites: ["conformance"] }));
  expect(suite).toMatchObject({ exitCode: 1 });
  expect(suite.steps.at(-1)).toMatchObject({ name: "suites", ok: false, failure: "transport" });
});
