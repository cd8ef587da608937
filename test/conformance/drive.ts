// The client that the official suite drives: `conformance client --command "bun drive.ts legacy|modern"` appends the address of its own server.
// Puts a gateway in front of that server and calls through it with an official client of the given era; `direct` after it leaves the gateway out.
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { project, server, startGateway } from "./gateway.ts";

type Json = Record<string, unknown>;
type ToolCall = { name: string; arguments: Json };
type Tool = { name: string; inputSchema: Json };

const [era, ...rest] = process.argv.slice(2);
const upstream = rest.at(-1) ?? "";
const isDirect = rest.includes("direct");
const timeout = 15_000;
const info = { name: "test-client", version: "1.0.0" };
const capabilities = { roots: {}, sampling: {}, elicitation: { form: { applyDefaults: true } } };
const said = { role: "assistant" as const, model: "m", content: { type: "text" as const, text: "x" } };
const accepted = { action: "accept" as const, content: {} };

async function connectLegacy(url: URL, headers: Record<string, string>): Promise<LegacyClient> {
  const client = new LegacyClient(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => accepted);
  client.setRequestHandler(CreateMessageRequestSchema, () => said);
  client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [] }));
  const transport = new LegacyTransport(url, { requestInit: { headers } });
  await client.connect(transport as Parameters<LegacyClient["connect"]>[0]);
  return client;
}

async function connectModern(url: URL, headers: Record<string, string>): Promise<ModernClient> {
  const client = new ModernClient(info, { capabilities, versionNegotiation: { mode: { pin: "2026-07-28" } } });
  client.setRequestHandler("elicitation/create", () => accepted);
  client.setRequestHandler("sampling/createMessage", () => said);
  client.setRequestHandler("roots/list", () => ({ roots: [] }));
  await client.connect(new ModernTransport(url, { requestInit: { headers } }));
  return client;
}

/** Arguments that fit a tool's schema well enough; the tool that echoes a schema is given the one that it is to keep. */
function argumentsFor(tool: Tool, schema: Json | undefined): Json {
  const properties = (tool.inputSchema["properties"] ?? {}) as Record<string, { type?: string }>;
  const samples: Record<string, unknown> = { number: 5, integer: 5, boolean: true, object: {} };
  return Object.fromEntries(
    Object.entries(properties).map(([name, { type = "string" }]) => [
      name,
      name === "schema" && schema !== undefined ? schema : (samples[type] ?? "text"),
    ]),
  );
}

/** The calls that the scenario wants; else one of every tool. */
async function callsOf(client: LegacyClient | ModernClient): Promise<ToolCall[]> {
  const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}") as { toolCalls?: ToolCall[] };
  const { tools } = (await client.listTools()) as { tools: Tool[] };
  const focal = tools.find(({ name }) => name === "json_schema_2020_12_tool");
  const others = tools.filter((tool) => tool !== focal);
  return (
    context.toolCalls ?? others.map((tool) => ({ name: tool.name, arguments: argumentsFor(tool, focal?.inputSchema) }))
  );
}

/** A refusal is an answer too: what counts is what the suite's server saw. */
async function tried(work: () => Promise<unknown>): Promise<void> {
  await work().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
}

async function drive(client: LegacyClient | ModernClient): Promise<void> {
  const offered = client.getServerCapabilities() ?? {};
  const calls = offered.tools === undefined ? [] : await callsOf(client);
  for (const call of calls)
    await tried(() =>
      client instanceof LegacyClient
        ? client.callTool(call, undefined, { timeout })
        : client.callTool(call, { timeout }),
    );
  if (offered.resources !== undefined)
    await tried(async () => {
      for (const { uri } of (await client.listResources()).resources) await client.readResource({ uri });
    });
  if (offered.prompts !== undefined)
    await tried(async () => {
      for (const { name } of (await client.listPrompts()).prompts) await client.getPrompt({ name });
    });
}

const gateway = isDirect ? undefined : await startGateway({ url: upstream });
const url = gateway === undefined ? upstream : `${gateway.origin}/projects/${project}/servers/${server}/mcp`;
const headers: Record<string, string> = gateway === undefined ? {} : { authorization: `Bearer ${gateway.token}` };
try {
  const client = await (era === "modern" ? connectModern : connectLegacy)(new URL(url), headers);
  await drive(client);
  await client.close();
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
await gateway?.stop();
process.exit();
