// A server for the validator to judge: Streamable HTTP of either era, right in all but what a test makes wrong.
import { callTool, tools as usualTools } from "../servers/tools.ts";

export type Odd = {
  era?: "legacy" | "modern" | "both";
  bearer?: string;
  /** What stands under `tools`; anything at all. */
  tools?: unknown;
  /** Tools on a page; `endless` names a next page for ever. */
  pageSize?: number;
  endless?: boolean;
  /** Stands in every list of tools as `_meta`. */
  listMeta?: Record<string, unknown>;
  /** The whole result of every call, or its error. */
  callResult?: unknown;
  callError?: { code: number; message: string };
  /** Answers HTTP itself where it answers something, before MCP is looked at. */
  intercept?: (request: Request, method: string, id: unknown) => Response | undefined | Promise<Response | undefined>;
};

type Message = { id?: unknown; method: string; params?: Params };
type Params = { name?: string; cursor?: string; arguments?: Record<string, unknown>; _meta?: Record<string, unknown> };

const modernVersion = "2026-07-28";
const namespace = "io.modelcontextprotocol/";
const serverInfo = { name: "odd", version: "1.0.0" };

export function startOddServer(odd: Odd = {}) {
  const seen: { method: string; headers: Headers }[] = [];
  const sessions = new Set<string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const message = request.method === "POST" ? ((await request.json()) as Message) : undefined;
      const method = message?.method ?? request.method;
      seen.push({ method, headers: request.headers });
      const early = await odd.intercept?.(request, method, message?.id);
      if (early !== undefined) return early;
      if (odd.bearer !== undefined && request.headers.get("authorization") !== `Bearer ${odd.bearer}`) {
        return Response.json({ detail: `no good: ${request.headers.get("authorization")}` }, { status: 401 });
      }
      if (request.method === "DELETE") sessions.delete(request.headers.get("mcp-session-id") ?? "");
      if (message === undefined) return new Response(null, { status: request.method === "DELETE" ? 200 : 405 });
      return speak(message, request.headers, odd, sessions);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/mcp`, seen, sessions, stop: () => server.stop(true) };
}

async function speak(message: Message, headers: Headers, odd: Odd, sessions: Set<string>): Promise<Response> {
  const { id, method, params = {} } = message;
  const { era = "both" } = odd;
  const isModern = params._meta?.[`${namespace}protocolVersion`] !== undefined;
  if (isModern && era !== "legacy") {
    if (headers.get("mcp-method") !== method) return refused(id, 400, -32020, "headers and body differ");
    if (method !== "server/discover") return answered(id, await outcome(method, params, odd), true);
    const result = { supportedVersions: [modernVersion], capabilities: { tools: {} } };
    return answered(id, { result }, true);
  }
  if (era === "modern") return refused(id, 400, -32022, "unsupported version", { supported: [modernVersion] });
  if (method === "initialize") {
    const session = crypto.randomUUID();
    sessions.add(session);
    const result = { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo };
    return Response.json({ jsonrpc: "2.0", id, result }, { headers: { "mcp-session-id": session } });
  }
  const session = headers.get("mcp-session-id");
  if (session === null) return refused(id, 400, -32000, "no session id");
  if (!sessions.has(session)) return refused(id, 404, -32001, "no such session");
  if (id === undefined) return new Response(null, { status: 202 });
  return answered(id, await outcome(method, params, odd), false);
}

type Outcome = { result: object } | { error: { code: number; message: string } };

async function outcome(method: string, params: Params, odd: Odd): Promise<Outcome> {
  if (method === "tools/list")
    return { result: { ...page(odd, Number(params.cursor ?? 0)), ...(odd.listMeta ? { _meta: odd.listMeta } : {}) } };
  if (method !== "tools/call") return { error: { code: -32601, message: `no ${method}` } };
  if (odd.callError !== undefined) return { error: odd.callError };
  if (odd.callResult !== undefined) return { result: odd.callResult as object };
  const result = await callTool(params.name ?? "", params.arguments ?? {});
  return result === undefined ? { error: { code: -32602, message: `no tool ${params.name}` } } : { result };
}

function page({ tools = usualTools, pageSize, endless }: Odd, start: number): object {
  if (!Array.isArray(tools)) return { tools };
  const end = start + (pageSize ?? tools.length);
  const shown = endless === true ? tools : tools.slice(start, end);
  return { tools: shown, ...(endless === true || end < tools.length ? { nextCursor: String(end) } : {}) };
}

/** Modern results say that they are complete, how long they may be kept, and whose they are. */
function answered(id: unknown, done: Outcome, isModern: boolean): Response {
  if (!isModern || "error" in done) return Response.json({ jsonrpc: "2.0", id, ...done });
  const _meta = { [`${namespace}serverInfo`]: serverInfo };
  const result = { resultType: "complete", ttlMs: 0, cacheScope: "private", _meta, ...done.result };
  return Response.json({ jsonrpc: "2.0", id, result });
}

function refused(id: unknown, status: number, code: number, message: string, data?: unknown): Response {
  return Response.json({ jsonrpc: "2.0", id: id ?? null, error: { code, message, data } }, { status });
}
