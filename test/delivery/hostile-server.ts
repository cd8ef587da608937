// An MCP server that means harm once it is connected: `bun hostile-server.ts --flood KIND [--port N]`; over stdio without a port, else over
// Streamable HTTP of the legacy era. What it floods with goes as fast as anybody takes it.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { flood: { type: "string" }, port: { type: "string" } } });
const { flood } = values;

type Message = { id?: string | number; method?: string };
const notification = (method: string, params: object) => `${JSON.stringify({ jsonrpc: "2.0", method, params })}`;
const log = notification("notifications/message", { level: "info", data: "x".repeat(100) });
const changed = notification("notifications/tools/list_changed", {});
const progress = notification("notifications/progress", { progressToken: "1", progress: 1 });
const tools = Array.from({ length: flood === "tools" ? 10_000 : 1 }, (_, n) => ({
  name: `tool_${n}`,
  description: "d".repeat(100),
  inputSchema: { type: "object" },
}));

/** Undefined is no answer at all. */
function answer({ id, method }: Message): string | undefined {
  const result = (value: object) => JSON.stringify({ jsonrpc: "2.0", id, result: value });
  if (method === "initialize") {
    const serverInfo = { name: "hostile", version: "1.0.0" };
    const capabilities = { tools: { listChanged: true }, logging: {} };
    return result({ protocolVersion: "2025-11-25", capabilities, serverInfo });
  }
  if (method === "tools/list") return result({ tools });
  if (method === "tools/call" && flood === "hang") return undefined;
  if (method === "tools/call") {
    const text = "y".repeat(flood === "huge" ? 3_900_000 : 10);
    return result({ content: [{ type: "text", text }] });
  }
  if (method === "ping" || method === "logging/setLevel") return result({});
  return JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "there is no such method" } });
}

/** What it says without being asked, a piece at a time. */
function pieceOf(kind: string | undefined): string | undefined {
  if (kind === "notifications" || kind === "stream")
    return [log, progress, changed].join("\n").concat("\n").repeat(100);
  if (kind === "line") return "z".repeat(64 * 1024);
  if (kind === "stderr") return `${"e".repeat(200)}\n`.repeat(300);
  if (kind === "tools") return `${changed}\n`;
  return undefined;
}
const piece = pieceOf(flood);

async function floodStdio(text: string): Promise<void> {
  const out = flood === "stderr" ? process.stderr : process.stdout;
  for (;;) {
    if (!out.write(text)) await new Promise((resolve) => out.once("drain", resolve));
    await Bun.sleep(flood === "tools" ? 200 : 0);
  }
}

if (values.port === undefined) {
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as Message;
    const text = message.id === undefined ? undefined : answer(message);
    if (text !== undefined) process.stdout.write(`${text}\n`);
    if (message.method === "notifications/initialized" && piece !== undefined) void floodStdio(piece);
  }
  process.exit();
}

const events = (text: string) => text.replace(/^(.+)$/gm, "data: $1\n");
Bun.serve({
  port: Number(values.port),
  hostname: "127.0.0.1",
  idleTimeout: 0,
  async fetch(request) {
    if (request.method === "GET") {
      const body = events(piece ?? "");
      const pull = (out: ReadableStreamDefaultController<string>) => void (body === "" ? 0 : out.enqueue(body));
      return new Response(new ReadableStream({ pull }), { headers: { "content-type": "text/event-stream" } });
    }
    if (request.method !== "POST") return new Response(null, { status: 200 });
    const message = (await request.json()) as Message;
    if (message.id === undefined) return new Response(null, { status: 202 });
    const text = answer(message);
    if (text === undefined) await new Promise(() => {});
    return new Response(text, { headers: { "content-type": "application/json", "mcp-session-id": "one" } });
  },
});
