// An MCP server that counts its calls in a file, one line of `id` each, before it does anything else: what it was sent is known after its own
// death too. `bun counting-server.ts --file FILE [--port N --era legacy|modern]`; without a port over stdio. FILE.pid says which process it is.
import { openSync, writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { file: { type: "string", default: "" }, port: { type: "string" }, era: { type: "string" } },
});
const counts = openSync(values.file, "a");
writeFileSync(`${values.file}.pid`, String(process.pid));

type Message = { id?: string | number; method?: string; params?: { name?: string; arguments?: Count } };
/** `ms`: how long the work takes after it was counted. `dies`: the server is killed instead of answering. */
type Count = { id: string; ms?: number; dies?: boolean };

async function resultOf({ method, params }: Message): Promise<object | undefined> {
  switch (method) {
    case "server/discover":
      return values.era === "modern"
        ? { supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, resultType: "complete" }
        : undefined;
    case "initialize":
      return {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "counting", version: "1.0.0" },
      };
    case "ping":
      return {};
    case "tools/list":
      return { tools: [{ name: "count", inputSchema: { type: "object" } }], resultType: "complete" };
    case "tools/call": {
      const { id = "", ms = 0, dies = false } = params?.arguments ?? {};
      writeSync(counts, `${id}\n`);
      if (dies) process.kill(process.pid, "SIGKILL");
      if (ms > 0) await Bun.sleep(ms);
      return { content: [{ type: "text", text: id }], resultType: "complete" };
    }
    default:
      return undefined;
  }
}

async function answer(message: Message): Promise<string> {
  const result = await resultOf(message);
  const error = { code: -32601, message: "there is no such method" };
  return JSON.stringify({ jsonrpc: "2.0", id: message.id, ...(result === undefined ? { error } : { result }) });
}

if (values.port === undefined)
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as Message;
    if (message.id !== undefined) void answer(message).then((text) => process.stdout.write(`${text}\n`));
  }
else serve(Number(values.port));

/** Sessions die with it, as those of most servers do. Half of the calls are answered in a stream that says where it may be taken up again. */
function serve(port: number): void {
  const sessions = new Set<string>();
  let events = 0;
  Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const session = request.headers.get("mcp-session-id") ?? "";
      const isKnown = values.era === "modern" || sessions.has(session);
      if (request.method !== "POST") return new Response(null, { status: isKnown ? 405 : 404 });
      const message = (await request.json()) as Message;
      const opened = message.method === "initialize" ? { "mcp-session-id": crypto.randomUUID() } : {};
      if (opened["mcp-session-id"] !== undefined) sessions.add(opened["mcp-session-id"]);
      else if (!isKnown) return new Response(null, { status: 404 });
      if (message.id === undefined) return new Response(null, { status: 202 });
      if (message.method !== "tools/call" || events++ % 2 === 0)
        return new Response(await answer(message), { headers: { "content-type": "application/json", ...opened } });
      return new Response(streamed(message, `event-${events}`), { headers: { "content-type": "text/event-stream" } });
    },
  });
}

function streamed(message: Message, id: string): ReadableStream<string> {
  return new ReadableStream({
    async start(out) {
      out.enqueue(`id: ${id}\nretry: 100\ndata:\n\n`);
      out.enqueue(`data: ${await answer(message)}\n\n`);
      out.close();
    },
  });
}
