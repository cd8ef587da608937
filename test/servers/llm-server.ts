// A language model's server, OpenAI-compatible and with Anthropic's messages, in this process, on a free port of loopback. It remembers what it was asked.

/** What real ones did instead of answering: a proxy's page, half a body, calls of tools nobody offered, nothing, thoughts only, bare words, 2 MiB. */
export type Rude = "html" | "truncated" | "toolCalls" | "empty" | "reasoningOnly" | "notJson" | "huge";

export type LlmBehaviour = {
  /** Text is wrapped as the API does it; an object is the whole body. May throw: that is a 500. */
  answer: (prompt: string, body: Asked) => string | object | Promise<string | object>;
  /** Of the next answers, in place of 200; a function is asked at each. Listing the models is not touched by it. */
  status?: number | (() => number | undefined);
  /** The header that comes with such a status. */
  retryAfter?: string;
  delayMs?: number;
  /** Completions are never answered. */
  hang?: boolean;
  rude?: Rude;
  /** Answers end at the bound on tokens. */
  cut?: boolean;
  /** What Ollama's `POST /api/show` says of the model; there is no such thing when absent. */
  shown?: object;
  /** What `GET /v1/models` says: the list of vLLM when absent, a status, or a body. */
  models?: number | object;
};

export type Asked = {
  model?: string;
  max_tokens?: number;
  system?: string;
  messages?: Message[];
  [field: string]: unknown;
};
type Message = { role: string; content: string };

export type Recorded = {
  method: string;
  path: string;
  /** Whether `authorization` or `x-api-key` came with it. */
  authorized: boolean;
  headers: Headers;
  body: Asked;
  /** What the user's messages say, and the system's. */
  prompt: string;
  system: string;
  /** Whoever asked went away before there was an answer. */
  aborted: () => boolean;
};

export type LlmServerOptions = {
  model?: string;
  /** Told as vLLM does it (`max_model_len`). */
  contextTokens?: number;
  /** Demanded as `Authorization: Bearer …` or `x-api-key`. */
  key?: string;
  answer?: LlmBehaviour["answer"];
  /** A free one when absent. */
  port?: number;
};

export function startLlmServer(options: LlmServerOptions = {}) {
  const { model = "test-model", contextTokens, key } = options;
  const requests: Recorded[] = [];
  const behaviour: LlmBehaviour = { answer: options.answer ?? ((prompt) => `answer to ${prompt.length} characters`) };
  const listed = {
    object: "list",
    data: [{ id: model, object: "model", owned_by: "vllm", ...(contextTokens && { max_model_len: contextTokens }) }],
  };

  async function complete(asked: Recorded, say: typeof inOpenAi, signal: AbortSignal): Promise<Response> {
    const { body, prompt } = asked;
    if (behaviour.delayMs !== undefined) await Bun.sleep(behaviour.delayMs);
    if (behaviour.hang === true)
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    const status = typeof behaviour.status === "function" ? behaviour.status() : behaviour.status;
    if (status !== undefined && status !== 200) {
      const headers = behaviour.retryAfter === undefined ? {} : { "retry-after": behaviour.retryAfter };
      return Response.json({ error: { message: `cannot, for status ${status}` } }, { status, headers });
    }
    if (behaviour.rude === "html")
      return new Response("<!doctype html><h1>502 Bad Gateway</h1>", { headers: { "content-type": "text/html" } });
    if (behaviour.rude === "notJson") return new Response("certainly! here you are");
    const said = await behaviour.answer(prompt, body);
    if (typeof said === "object") return Response.json(said);
    const whole = JSON.stringify(say(body.model ?? model, said, behaviour));
    const text = behaviour.rude === "truncated" ? whole.slice(0, whole.length / 2) : whole;
    return new Response(text, { headers: { "content-type": "application/json" } });
  }

  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    error: (error) => Response.json({ error: { message: String(error) } }, { status: 500 }),
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const given = request.headers.get("authorization")?.replace("Bearer ", "") ?? request.headers.get("x-api-key");
      const text = await request.text();
      const body = (text === "" ? {} : JSON.parse(text)) as Asked;
      const asked = recordOf(request, pathname, given !== null, body);
      requests.push(asked);
      // As OpenAI does: the key comes back in the message, so that a test sees who passes it on.
      if (key !== undefined && given !== key)
        return Response.json({ error: { message: `Incorrect API key provided: ${given}` } }, { status: 401 });
      if (request.method === "GET" && /(^|\/)models$/.test(pathname)) {
        if (typeof behaviour.models !== "number") return Response.json(behaviour.models ?? listed);
        return new Response("no list", { status: behaviour.models });
      }
      if (request.method === "POST" && pathname.endsWith("/chat/completions"))
        return await complete(asked, inOpenAi, request.signal);
      if (request.method === "POST" && pathname.endsWith("/messages"))
        return await complete(asked, inAnthropic, request.signal);
      if (pathname.endsWith("/api/show") && behaviour.shown !== undefined) return Response.json(behaviour.shown);
      return Response.json({ error: { message: `nothing at ${pathname}` } }, { status: 404 });
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    /** Without a path; any base path and `/v1` may be put behind it. */
    url,
    port: server.port ?? 0,
    model,
    requests,
    /** The completions among them. */
    asked: () => requests.filter(({ method }) => method === "POST"),
    behaviour,
    stop: () => server.stop(true),
  };
}

function recordOf(request: Request, path: string, authorized: boolean, body: Asked): Recorded {
  const said = (isSystem: boolean) =>
    (body.messages ?? []).filter(({ role }) => (role === "system") === isSystem).map(({ content }) => content);
  return {
    method: request.method,
    path,
    authorized,
    headers: request.headers,
    body,
    prompt: said(false).join("\n\n"),
    system: body.system ?? said(true).join("\n\n"),
    aborted: () => request.signal.aborted,
  };
}

const thoughts = "They want something short.";
const usage = (text: string) => Math.ceil(text.length / 4);

function inOpenAi(model: string, said: string, { rude, cut }: LlmBehaviour): object {
  const call = { id: "call_1", type: "function", function: { name: "rm", arguments: '{"path":"/"}' } };
  const message = {
    role: "assistant",
    content: rude === "toolCalls" || rude === "reasoningOnly" ? null : rude === "empty" ? "" : textOf(said, rude),
    ...(rude === "toolCalls" && { tool_calls: [call] }),
    ...(rude === "reasoningOnly" && { reasoning_content: thoughts }),
  };
  const finish = rude === "toolCalls" ? "tool_calls" : cut === true ? "length" : "stop";
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    model,
    choices: [{ index: 0, message, finish_reason: finish }],
    usage: { prompt_tokens: 7, completion_tokens: usage(said), total_tokens: 7 + usage(said) },
  };
}

function inAnthropic(model: string, said: string, { rude, cut }: LlmBehaviour): object {
  const content =
    rude === "toolCalls"
      ? [{ type: "tool_use", id: "toolu_1", name: "rm", input: { path: "/" } }]
      : rude === "reasoningOnly"
        ? [{ type: "thinking", thinking: thoughts, signature: "" }]
        : rude === "empty"
          ? []
          : [{ type: "text", text: textOf(said, rude) }];
  return {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: rude === "toolCalls" ? "tool_use" : cut === true ? "max_tokens" : "end_turn",
    usage: { input_tokens: 7, output_tokens: usage(said) },
  };
}

const textOf = (said: string, rude: Rude | undefined): string => (rude === "huge" ? "x".repeat(2 ** 21) : said);
