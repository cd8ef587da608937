/** A JSON-RPC message as it came. */
type Message = { id?: unknown; result?: Result; error?: { code: number; message: string } };
export type Result = Record<string, unknown>;
export type SseSession = Awaited<ReturnType<typeof openSse>>;

/**
 * The client of the 2024-11-05 transport as Python's SDK has it, which is what vLLM connects with: a GET whose first event says where to post.
 * Credentials in the address go with every request as Basic. @throws when the server does what that client does not take
 */
export async function openSse(address: string, headers: Record<string, string> = {}) {
  const base = new URL(address);
  const basic = Buffer.from(`${base.username}:${base.password}`).toString("base64");
  const auth = base.username === "" ? headers : { ...headers, authorization: `Basic ${basic}` };
  const stop = new AbortController();
  const response = await fetch(bare(base), {
    headers: { ...auth, accept: "text/event-stream", "cache-control": "no-store" },
    redirect: "error",
    signal: stop.signal,
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream") || response.body === null)
    throw new Error(`it is not a stream but ${type}`);

  const waiting = new Map<unknown, PromiseWithResolvers<Message>>();
  const endpoint = Promise.withResolvers<URL>();
  let comments = 0;
  let nextId = 0;
  const ended = (async () => {
    try {
      for await (const { event, data, isComment } of eventsIn(response.body as ReadableStream<Uint8Array>)) {
        if (isComment) comments++;
        else if (event === "endpoint") endpoint.resolve(postTo(data, base));
        else if (event === "message") {
          const message = JSON.parse(data) as Message;
          waiting.get(message.id)?.resolve(message);
        }
      }
    } catch (error) {
      endpoint.reject(error);
    }
    endpoint.reject(new Error("the stream ended before it said where to post"));
    for (const { reject } of waiting.values()) reject(new Error("the stream ended"));
  })();
  const target = await endpoint.promise;

  async function post(message: object): Promise<void> {
    const sent = await fetch(bare(target), {
      method: "POST",
      headers: { ...auth, "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      redirect: "error",
    });
    if (!sent.ok) throw new Error(`${sent.status} ${await sent.text()}`);
  }
  /** Ids begin at 0, as they do there. @throws the server's error */
  async function request(method: string, params?: object): Promise<Result> {
    const id = nextId++;
    const answer = Promise.withResolvers<Message>();
    answer.promise.catch(() => {});
    waiting.set(id, answer);
    await post({ id, method, ...(params === undefined ? {} : { params }) });
    const { result, error } = await answer.promise;
    waiting.delete(id);
    if (result === undefined) throw new Error(`${error?.code} ${error?.message}`);
    return result;
  }
  async function initialize() {
    const clientInfo = { name: "mcp", version: "0.1.0" };
    const result = await request("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    await post({ method: "notifications/initialized" });
    return result as { protocolVersion: string; instructions?: string; serverInfo: { name: string } };
  }
  return {
    endpoint: target,
    request,
    initialize,
    comments: () => comments,
    /** Resolves when the server, or `close`, has ended the stream. */
    ended,
    close: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** It compares whole addresses, credentials included: an absolute one without them is another host's. */
function postTo(data: string, base: URL): URL {
  const target = new URL(data, base);
  const of = ({ protocol, username, password, host }: URL) => [protocol, username, password, host].join(" ");
  if (of(target) !== of(base)) throw new Error("the endpoint is not where the stream came from");
  return target;
}

const bare = (url: URL): string => `${url.origin}${url.pathname}${url.search}`;

type Event = { event: string; data: string; isComment: boolean };

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
      const isComment = lines.every((line) => line.startsWith(":"));
      yield { event: field("event").at(-1) ?? "message", data: field("data").join("\n"), isComment };
    }
  }
}
