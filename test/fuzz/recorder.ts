import { metaKeys, modernVersion, tasksExtension } from "../../src/mcp/protocol.ts";
import { serveMessages } from "../servers/message-server.ts";
import { callTool, tools } from "../servers/tools.ts";
import { mirroringTool } from "./pairs.ts";

/** A server of the modern era that keeps what it is sent, byte for byte, and answers each call as `echo` does; `typeOf` says with which type. */
export function startRecorder(typeOf: (tool: string) => string | undefined = () => "complete") {
  const bodies: string[] = [];
  const server = serveMessages(async ({ id, method, params }, _, body) => {
    bodies.push(body);
    if (params?._meta?.[metaKeys.protocolVersion] !== modernVersion)
      return refused(id, 400, { code: -32022, message: "modern only", data: { supported: [modernVersion] } });
    const whole = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
    if (method === "server/discover") return { result: { ...whole, supportedVersions: [modernVersion], capabilities } };
    if (method === "tools/list") return { result: { ...whole, tools: [...tools, mirroringTool] } };
    if (String(method).startsWith("tasks/"))
      return { result: { resultType: "complete", ...task, status: "completed", result: { content: [] } } };
    if (method !== "tools/call") return refused(id, 404, { code: -32601, message: "unknown" });
    if (typeOf(params.name) === "task") return { result: { resultType: "task", ...task } };
    return { result: { resultType: typeOf(params.name), ...(await callTool("echo", params.arguments ?? {})) } };
  });
  return { ...server, bodies };
}

const capabilities = { tools: {}, extensions: { [tasksExtension]: {} } };
const now = new Date(0).toISOString();
const task = { taskId: "task-1", status: "working", createdAt: now, lastUpdatedAt: now, ttlMs: null };

const refused = (id: unknown, status: number, error: object) =>
  Response.json({ jsonrpc: "2.0", id, error }, { status });
