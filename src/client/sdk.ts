import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

export type Protocol = "auto" | "legacy" | "modern";
export type Tool = { name: string; description?: string | undefined; inputSchema: unknown };
export type ToolResult = { isError: boolean; text: string };

/** One connection to somebody's MCP endpoint. */
export type McpConnection = {
  protocolVersion: string;
  era: string;
  serverInfo: { name: string; version: string } | undefined;
  tools: () => Promise<Tool[]>;
  call: (name: string, args: Record<string, unknown>) => Promise<ToolResult>;
  close: () => Promise<void>;
};

export type McpTarget = {
  url: string;
  headers: Record<string, string>;
  protocol: Protocol;
  timeoutMs: number;
  version: string;
};

/** A failure in the validator's three words; `status` when HTTP said it. */
export class McpFailure extends Error {
  readonly kind: "transport" | "authentication" | "contract";
  constructor(kind: McpFailure["kind"], message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

const modern = "2026-07-28";
const mostPages = 100;

/** Connects with the official client, the only place that knows it. @throws McpFailure */
export async function connectMcp({ url, headers, protocol, timeoutMs, version }: McpTarget): Promise<McpConnection> {
  const mode = protocol === "modern" ? { pin: modern } : protocol;
  const client = new Client({ name: "mcpctl-test", version }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  const options = { timeout: timeoutMs };
  await translated("transport", () => client.connect(transport, options));
  return {
    protocolVersion: client.getNegotiatedProtocolVersion() ?? "unknown",
    era: client.getProtocolEra() ?? "legacy",
    serverInfo: client.getServerVersion(),
    tools: () => translated("contract", () => allTools(client, options)),
    call: (name, args) => translated("contract", () => callTool(client, name, args, options)),
    close: () => client.close().catch(() => {}),
  };
}

async function allTools(client: Client, options: { timeout: number }): Promise<Tool[]> {
  const tools: Tool[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < mostPages; page++) {
    const { tools: some, nextCursor } = await client.listTools(cursor === undefined ? {} : { cursor }, options);
    tools.push(...some);
    if (nextCursor === undefined) return tools;
    cursor = nextCursor;
  }
  throw new McpFailure("contract", `tools/list has more than ${mostPages} pages`);
}

async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown>,
  options: { timeout: number },
): Promise<ToolResult> {
  const result = await client.callTool({ name, arguments: args }, options);
  const texts = (result.content ?? []).flatMap((block) => (block.type === "text" ? [block.text] : [`[${block.type}]`]));
  return { isError: result.isError === true, text: texts.join("\n") };
}

/** `otherwise` is what a failure means that does not say more of itself: before connecting the way is to blame, afterwards the server. */
async function translated<T>(otherwise: "transport" | "contract", work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof McpFailure) throw error;
    const text = error instanceof Error ? error.message : String(error);
    const status =
      (error as { status?: unknown }).status ?? /\b(?:HTTP|status(?: code)?)\D{0,3}(\d{3})\b/i.exec(text)?.[1];
    const unauthorized = Number(status) === 401 || Number(status) === 403 || /unauthori[sz]ed/i.test(text);
    const broken = /fetch failed|ECONNREFUSED|ECONNRESET|Unable to connect|timed out|timeout/i.test(text);
    throw new McpFailure(unauthorized ? "authentication" : broken ? "transport" : otherwise, text, error);
  }
}
