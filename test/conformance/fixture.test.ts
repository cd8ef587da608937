import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { httpFixture, stdioFixture } from "./started.ts";

/** A fixture that fails by itself would make every score through the gateway meaningless: these keep it honest between runs of the suite. */
let fixture: Awaited<ReturnType<typeof httpFixture>>;
beforeAll(async () => {
  fixture = await httpFixture("both");
});
afterAll(() => fixture.stop());

const info = { name: "smoke", version: "1" };
const capabilities = { elicitation: {}, sampling: {}, roots: {} };
const action = { action: "accept" as const, content: { username: "ann", email: "a@example.com", name: "Ann" } };
const said = { role: "assistant" as const, model: "m", content: { type: "text" as const, text: "Paris" } };

const onStdio = (era: "both" | "legacy" | "modern") => {
  const { command, env } = stdioFixture(era);
  const [program = "", ...args] = command;
  return { command: program, args, env: { PATH: process.env["PATH"] ?? "", ...env } };
};

async function legacy(transport: LegacyHttp | LegacyStdio): Promise<LegacyClient> {
  const client = new LegacyClient(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => action);
  client.setRequestHandler(CreateMessageRequestSchema, () => said);
  await client.connect(transport as Parameters<LegacyClient["connect"]>[0]);
  return client;
}

async function modern(transport: ModernHttp | ModernStdio): Promise<ModernClient> {
  const client = new ModernClient(info, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  client.setRequestHandler("elicitation/create", () => action);
  client.setRequestHandler("sampling/createMessage", () => said);
  client.setRequestHandler("roots/list", () => ({ roots: [] }));
  await client.connect(transport);
  return client;
}

const clients: [string, () => Promise<LegacyClient | ModernClient>][] = [
  ["a legacy client over HTTP", () => legacy(new LegacyHttp(new URL(fixture.url)))],
  ["a legacy client over stdio", () => legacy(new LegacyStdio(onStdio("legacy")))],
  ["a modern client over HTTP", () => modern(new ModernHttp(new URL(fixture.url)))],
  ["a modern client over stdio", () => modern(new ModernStdio(onStdio("modern")))],
];

test.each(clients)("%s lists, calls, is asked, is told", async (_, connect) => {
  const client = await connect();
  const call = async (name: string, args = {}) => JSON.stringify(await client.callTool({ name, arguments: args }));
  expect((await client.listTools()).tools.length).toBeGreaterThan(30);
  expect(await call("test_elicitation", { message: "who?" })).toContain("ann");
  expect(await call("test_sampling", { prompt: "capital?" })).toContain("LLM response: Paris");
  expect(await call("test_input_required_result_multi_round")).toContain("Ann likes");
  expect(await call("test_mirrored_header", { region: "Zürich" })).toContain("In region Zürich");
  expect(await call("test_error_handling")).toContain('"isError":true');
  expect(client.readResource({ uri: "test://none" })).rejects.toThrow("Resource not found");
  const heard: number[] = [];
  const onprogress = ({ progress }: { progress: number }) => void heard.push(progress);
  if (client instanceof LegacyClient)
    await client.callTool({ name: "test_tool_with_progress" }, undefined, { onprogress });
  else await client.callTool({ name: "test_tool_with_progress" }, { onprogress });
  expect(heard).toEqual([0, 50, 100]);
  await client.close();
});

test("the suite's whole list for 2025-11-25 passes, and of 2026-07-28 the scenarios with most in them", async () => {
  const out = mkdtempSync(join(tmpdir(), "mcpctl-suite-"));
  const suite = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
  const run = async (...words: string[]): Promise<string> => {
    const child = Bun.spawn([process.execPath, suite, "server", "--url", fixture.url, "-o", out, ...words], {
      stdout: "pipe",
      stderr: "ignore",
    });
    return await new Response(child.stdout).text();
  };
  expect(await run("--requirements", "2025-11-25")).toContain("Total: 84 passed, 0 failed");
  const modernOnly = (scenario: string) => run("--scenario", scenario, "--spec-version", "2026-07-28", "--force");
  expect(await modernOnly("server-stateless")).toContain("Passed: 30/30, 0 failed");
  expect(await modernOnly("tasks-mrtr-composition")).toContain("Passed: 2/2, 0 failed");
  rmSync(out, { recursive: true });
}, 30_000);

const envelope = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
};

/** A modern call as it stands on the wire; `more` changes its parameters, `headers` what mirrors them. */
async function post(name: string, more: object = {}, headers: Record<string, string> = {}) {
  const response = await fetch(fixture.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: {}, ...more, _meta: envelope },
    }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith("{") ? JSON.parse(text) : undefined };
}

test("it refuses what it must: foreign pages, headers that lie, state that it did not give", async () => {
  const name = "test_input_required_result_request_state";
  expect((await post(name, {}, { origin: "http://evil.example" })).status).toBe(403);
  expect((await post(name, {}, { "mcp-name": "test_simple_text" })).json.error.code).toBe(-32020);
  expect((await post("test_mirrored_header", { arguments: { region: "x" } })).status).toBe(400);
  const { requestState } = (await post(name)).json.result;
  const inputResponses = { confirm: { action: "accept", content: { ok: true } } };
  expect((await post(name, { inputResponses, requestState })).text).toContain("state-ok");
  expect((await post(name, { inputResponses, requestState: `${requestState}x` })).json.error.code).toBe(-32602);
  const other = "test_input_required_result_tampered_state";
  expect((await post(other, { inputResponses, requestState })).json.error.code).toBe(-32602);
});
