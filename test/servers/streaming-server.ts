// An interactive MCP server over HTTP, in this process, on a free port: Streamable HTTP of either era or of both, and the SSE of 2024-11-05.
import { interactive, type Message, type Varying } from "./interactive.ts";

export type Habits = {
  name?: string;
  eras?: readonly ("legacy" | "modern")[];
  /** Answers `server/discover` with this status and no more. */
  probeStatus?: number;
  /** Answers the first modern request of each method with `-32022` and these versions. */
  refusesFirst?: readonly string[];
  /** Breaks each stream of a tools/call off after an event that only says where to go on, and asks for this pause. */
  breaksOff?: { retryMs: number };
  /** Offers more to clients that can be asked; what it is may change as it goes. */
  varies?: Varying;
  /** How long each `initialize` takes that declares something. */
  ableMs?: number;
  /** The error of each tools/call. */
  error?: { code: number; message: string; data?: unknown };
  /** The first event of `/sse`. */
  endpoint?: string;
};

type Conversation = ReturnType<typeof interactive> & { tell?: ((message: Message) => void) | undefined };
type Request_ = { verb: string; path: string; method: string | undefined; headers: Headers; body: string; at: number };

const eventOf = (message: Message, id?: string) =>
  `${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`;
const stream = { headers: { "content-type": "text/event-stream" } };

export function startStreamingServer(habits: Habits = {}) {
  const { name = "streaming" } = habits;
  const conversations = new Map<string, Conversation>();
  const requests: Request_[] = [];
  const broken = new Map<string, ReadableStream<string>>();
  const refused = new Set<string>();
  const modernOne = conversationOf("modern");
  let aborted = 0;

  function conversationOf(id: string): Conversation {
    const conversation: Conversation = interactive(name, (message) => conversation.tell?.(message), habits.varies);
    conversations.set(id, conversation);
    return conversation;
  }

  /** A stream that ends with the answer to `message`. */
  function answering(conversation: Conversation, message: Message): ReadableStream<string> {
    let isClosed = false;
    return new ReadableStream({
      start(controller) {
        void conversation.take(message, (said) => {
          if (isClosed) return;
          controller.enqueue(eventOf(said));
          isClosed = said.id === message.id && said.method === undefined;
          if (isClosed) controller.close();
        });
      },
      cancel() {
        isClosed = true;
        aborted++;
      },
    });
  }

  function telling(conversation: Conversation, first = ": hello\n\n"): Response {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(first);
        conversation.tell = (message) => controller.enqueue(eventOf(message, `t${requests.length}`));
        endStream = () => {
          controller.close();
          conversation.tell = undefined;
        };
      },
      cancel() {
        conversation.tell = undefined;
      },
    });
    return new Response(body, stream);
  }
  let endStream = () => {};

  async function post(request: Request, message: Message): Promise<Response> {
    const { id, method = "", params } = message;
    const isModern = params?._meta?.["io.modelcontextprotocol/protocolVersion"] !== undefined;
    const json = (body: Message, status = 200, headers = {}) =>
      Response.json({ jsonrpc: "2.0", id, ...body }, { status, headers });
    if (method === "server/discover" && habits.probeStatus !== undefined)
      return json({ error: { code: -32601, message: "broken" } }, habits.probeStatus);
    if (habits.refusesFirst !== undefined && isModern && !refused.has(method)) {
      refused.add(method);
      const data = { supported: habits.refusesFirst, requested: "?" };
      return json({ error: { code: -32022, message: "version", data } }, 400);
    }
    if (!(habits.eras ?? ["legacy"]).includes(isModern ? "modern" : "legacy"))
      return json({ error: { code: isModern ? -32000 : -32601, message: "not this era" } }, 400);
    const session = request.headers.get("mcp-session-id");
    const opened = method === "initialize" ? crypto.randomUUID() : undefined;
    if (opened !== undefined) await Bun.sleep(JSON.stringify(params.capabilities) === "{}" ? 5 : (habits.ableMs ?? 5));
    const conversation = isModern ? modernOne : opened ? conversationOf(opened) : conversations.get(session ?? "");
    if (conversation === undefined) return json({ error: { code: -32001, message: "no such session" } }, 404);
    if (id === undefined || message.method === undefined) {
      void conversation.take(message, () => {});
      return new Response(null, { status: 202 });
    }
    if (habits.error !== undefined && method === "tools/call") return json({ error: habits.error }, 400);
    const headers = {
      "content-type": "text/event-stream",
      ...(opened === undefined ? {} : { "mcp-session-id": opened }),
    };
    const body = answering(conversation, message);
    if (habits.breaksOff === undefined || method !== "tools/call") return new Response(body, { headers });
    const event = `cut-${requests.length}`;
    broken.set(event, body);
    return new Response(`id: ${event}\nretry: ${habits.breaksOff.retryMs}\ndata:\n\n`, { headers });
  }

  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const path = new URL(request.url).pathname;
      const body = await request.text();
      const message: Message = body === "" ? {} : JSON.parse(body);
      requests.push({
        verb: request.method,
        path,
        method: message.method,
        headers: request.headers,
        body,
        at: performance.now(),
      });
      if (path === "/sse") {
        const id = `sse-${requests.length}`;
        return telling(conversationOf(id), `event: endpoint\ndata: ${habits.endpoint ?? `messages?s=${id}`}\n\n`);
      }
      if (path === "/messages") {
        const conversation = conversations.get(new URL(request.url).searchParams.get("s") ?? "");
        void conversation?.take(message, (said) => conversation.tell?.(said));
        return new Response("Accepted", { status: 202 });
      }
      if (request.method === "POST") return await post(request, message);
      const session = conversations.get(request.headers.get("mcp-session-id") ?? "");
      if (request.method === "DELETE")
        return new Response(null, {
          status: conversations.delete(request.headers.get("mcp-session-id") ?? "") ? 200 : 404,
        });
      const cut = broken.get(request.headers.get("last-event-id") ?? "");
      if (cut !== undefined) return new Response(cut, stream);
      return session === undefined
        ? new Response(null, { status: request.headers.has("mcp-session-id") ? 404 : 405 })
        : telling(session);
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    url: `${origin}/mcp`,
    sse: `${origin}/sse`,
    habits,
    requests,
    conversations,
    modern: modernOne,
    /** How many streams the client closed before their answer. */
    aborted: () => aborted,
    /** Ends the stream for what belongs to no request. */
    endStream: () => endStream(),
    forgetSessions: () => conversations.clear(),
    sent: (method: string) => requests.filter((request) => request.method === method),
    stop: () => server.stop(true),
  };
}
