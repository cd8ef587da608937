import { metaKeys, modernVersion, tasksExtension } from "../../src/mcp/protocol.ts";
import { callTool, tools } from "../servers/tools.ts";
import { mirroringTool } from "./pairs.ts";

/** A server of the modern era that keeps what it is sent, byte for byte, and answers each call as `echo` does; `typeOf` says with which type. */
export function startRecorder(typeOf: (tool: string) => string | undefined = () => "complete") {
  const bodies: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const body = await request.text();
      bodies.push(body);
      const { id, method, params } = JSON.parse(body);
      if (params?._meta?.[metaKeys.protocolVersion] !== modernVersion)
        return answer(
          id,
          { error: { code: -32022, message: "modern only", data: { supported: [modernVersion] } } },
          400,
        );
      const whole = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
      if (method === "server/discover")
        return answer(id, { result: { ...whole, supportedVersions: [modernVersion], capabilities } });
      if (method === "tools/list") return answer(id, { result: { ...whole, tools: [...tools, mirroringTool] } });
      if (String(method).startsWith("tasks/"))
        return answer(id, {
          result: { resultType: "complete", ...task, status: "completed", result: { content: [] } },
        });
      if (method !== "tools/call") return answer(id, { error: { code: -32601, message: "unknown" } }, 404);
      if (typeOf(params.name) === "task") return answer(id, { result: { resultType: "task", ...task } });
      return answer(id, {
        result: { resultType: typeOf(params.name), ...(await callTool("echo", params.arguments ?? {})) },
      });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/mcp`, bodies, stop: () => server.stop(true) };
}

const capabilities = { tools: {}, extensions: { [tasksExtension]: {} } };
const now = new Date(0).toISOString();
const task = { taskId: "task-1", status: "working", createdAt: now, lastUpdatedAt: now, ttlMs: null };

const answer = (id: unknown, outcome: object, status = 200) =>
  Response.json({ jsonrpc: "2.0", id, ...outcome }, { status });
