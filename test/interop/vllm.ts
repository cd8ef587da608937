import { forHarmony } from "../../src/client/clients/check/harmony.ts";
import { openSse, type Result, type SseSession } from "../../src/client/clients/check/sse-session.ts";

/**
 * What `vllm serve --tool-server` does with MCP servers, step by step (reference/clients.md §2.1): one list at start, then a connection for
 * each request. Where Python would raise, this throws; at start that is the end of vLLM.
 */
export type ToolServer = { namespaces: Map<string, Namespace>; urls: Map<string, string> };
type Namespace = {
  description: string | undefined;
  tools: ReturnType<typeof forHarmony>[];
};
type Schema = Record<string, unknown>;
type Tool = { name: string; description?: string; inputSchema: Schema; outputSchema?: Schema };

/** @param value of the flag: `host:port/path` entries with commas between them */
export async function startVllm(value: string): Promise<ToolServer> {
  const server: ToolServer = { namespaces: new Map(), urls: new Map() };
  for (const entry of value.split(",")) {
    const url = `http://${entry}/sse`;
    const session = await openSse(url);
    const { serverInfo, instructions } = await session.initialize();
    const tools = await listTools(session);
    await session.close();
    server.namespaces.set(serverInfo.name, { description: instructions, tools: tools.map(forHarmony) });
    if (!server.urls.has(serverInfo.name)) server.urls.set(serverInfo.name, url);
  }
  return server;
}

/** One request of a user, in which the model calls these tools of one namespace: what the model reads of each. */
export async function requestOf(
  { urls }: ToolServer,
  namespace: "browser" | "python" | "container",
  calls: readonly [tool: string, args: object][],
): Promise<string[]> {
  const url = urls.get(namespace);
  if (url === undefined) throw new Error(`no server is called ${namespace}`);
  const session = await openSse(url, { "x-session-id": `resp_${crypto.randomUUID()}` });
  try {
    await session.initialize();
    const texts: string[] = [];
    for (const [tool, args] of calls) texts.push(await textOf(session, tool, args));
    await session.request("tools/call", { name: "cleanup_session", arguments: {} }).catch(() => {});
    return texts;
  } finally {
    await session.close();
  }
}

/** One page, whatever it says of a next one. */
async function listTools(session: SseSession): Promise<Tool[]> {
  const { tools } = (await session.request("tools/list")) as { tools: Tool[] };
  return tools;
}

/** The SDK checks the result against the tool's output schema, which it has to ask for in every new session; vLLM then reads the first block. */
async function textOf(session: SseSession, name: string, args: object): Promise<string> {
  const result = await session.request("tools/call", { name, arguments: args });
  if (result["isError"] !== true) {
    const tool = (await listTools(session)).find((one) => one.name === name);
    if (tool?.outputSchema !== undefined && result["structuredContent"] === undefined)
      throw new Error(`tool ${name} has an output schema but gave no structured content`);
  }
  const first = (result["content"] as Result[])[0];
  if (typeof first?.["text"] !== "string") throw new Error(`the first block of ${name} has no text`);
  return first["text"];
}
