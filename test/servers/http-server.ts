// An MCP server over Streamable HTTP (legacy), in this process, on a free port. It remembers what it was sent.
import { answer } from "./tools.ts";

export type Behaviour = {
  name?: string;
  /** A free one when absent. */
  port?: number;
  /** Demand `Authorization: Bearer …`. */
  bearer?: string;
  /** Answer tools/call as an event stream. */
  stream?: boolean;
  /** Never answer these methods. */
  hang?: string;
  /** Answer everything with this status. */
  status?: number;
  /** Answer tools/call with the headers of the request. */
  echoesHeaders?: boolean;
  /** Offer these in place of the tools that all fixtures have; what it offers may change as it goes. */
  tools?: readonly object[];
  /** Where it listens, if not for this machine alone. */
  hostname?: string;
};

export function startHttpServer(behaviour: Behaviour = {}) {
  const { name = "fixture" } = behaviour;
  const sessions = new Set<string>();
  const requests: { method: string; headers: Headers; body: string }[] = [];
  const server = Bun.serve({
    port: behaviour.port ?? 0,
    hostname: behaviour.hostname ?? "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      if (request.method !== "POST") return new Response(null, { status: 405 });
      const body = await request.text();
      const { id, method, params } = JSON.parse(body) as { id?: unknown; method: string; params?: object };
      requests.push({ method, headers: request.headers, body });
      if (behaviour.status !== undefined) return new Response("broken", { status: behaviour.status });
      if (behaviour.bearer !== undefined && request.headers.get("authorization") !== `Bearer ${behaviour.bearer}`) {
        return new Response("who are you?", { status: 401 });
      }
      const session = request.headers.get("mcp-session-id");
      if (method !== "initialize" && (session === null || !sessions.has(session)))
        return new Response("no such session", { status: 404 });
      if (id === undefined) return new Response(null, { status: 202 });
      if (method === behaviour.hang) await new Promise(() => {});
      const changed = method === "tools/list" ? behaviour.tools : undefined;
      const echoes = behaviour.echoesHeaders === true && method === "tools/call";
      const result = echoes
        ? { content: [{ type: "text", text: JSON.stringify([...request.headers]) }] }
        : changed === undefined
          ? await answer(name, method, params)
          : { tools: changed };
      const message = JSON.stringify({
        jsonrpc: "2.0",
        id,
        ...(result === undefined ? { error: { code: -32602, message: "unknown" } } : { result }),
      });
      const headers = new Headers({ "content-type": "application/json" });
      if (method === "initialize") {
        const opened = crypto.randomUUID();
        sessions.add(opened);
        headers.set("mcp-session-id", opened);
      }
      if (behaviour.stream !== true || method !== "tools/call") return new Response(message, { headers });
      const events = [
        `: hello\n\n`,
        `event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n`,
        `data: ${message}\n\n`,
      ];
      return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/mcp`,
    behaviour,
    requests,
    /** As a restart would: every session is unknown from now on. */
    forgetSessions: () => sessions.clear(),
    stop: () => server.stop(true),
  };
}
