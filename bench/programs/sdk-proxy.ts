// A proxy of the official SDK's own objects, over Streamable HTTP on both sides: `bun bench/programs/sdk-proxy.ts PORT UPSTREAM`. It has neither
// authentication nor rights, audit or metrics; sessions as the SDK's own example keeps them.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [, , port, upstream = ""] = process.argv;
const info = { name: "sdk-proxy", version: "1" };
const client = new Client(info);
// biome-ignore lint/suspicious/noExplicitAny: the SDK's own types disagree about what may be absent.
await client.connect(new StreamableHTTPClientTransport(new URL(upstream)) as any);

const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();

async function open(): Promise<WebStandardStreamableHTTPServerTransport> {
  const server = new Server(info, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => client.listTools(params));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params));
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    enableJsonResponse: true,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  await server.connect(transport as any);
  return transport;
}

Bun.serve({
  port: Number(port),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    const id = request.headers.get("mcp-session-id");
    const transport = id === null ? await open() : sessions.get(id);
    return transport?.handleRequest(request) ?? new Response(null, { status: 404 });
  },
});
