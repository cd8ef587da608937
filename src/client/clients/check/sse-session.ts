import { eventsOf } from "../../../lib/event-stream.ts";

/** A JSON-RPC message as it came. */
type Message = { id?: unknown; result?: Result; error?: { code: number; message: string } };
export type Result = Record<string, unknown>;
export type SseSession = Awaited<ReturnType<typeof openSse>>;
type Fetch = (request: Request) => Promise<Response>;

const mostBytes = 16 * 1024 * 1024;

/**
 * The client of the 2024-11-05 transport as Python's SDK has it, which is what vLLM connects with: a GET whose first event says where to post.
 * Credentials in the address go with every request as Basic. @throws when the server does what that client does not take
 */
export async function openSse(address: string, headers: Record<string, string> = {}, fetch: Fetch = globalThis.fetch) {
  const base = new URL(address);
  const basic = Buffer.from(`${base.username}:${base.password}`).toString("base64");
  const auth = base.username === "" ? headers : { ...headers, authorization: `Basic ${basic}` };
  const stop = new AbortController();
  const response = await fetch(
    new Request(bare(base), {
      headers: { ...auth, accept: "text/event-stream", "cache-control": "no-store" },
      redirect: "error",
      signal: stop.signal,
    }),
  );
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream") || response.body === null)
    throw new Error(`it is not a stream but ${type}`);

  const waiting = new Map<unknown, PromiseWithResolvers<Message>>();
  const endpoint = Promise.withResolvers<URL>();
  let nextId = 0;
  const ended = (async () => {
    try {
      const beyond = (_of: string, most: number) => new Error(`an event of more than ${most} bytes`);
      for await (const { event, data } of eventsOf(response.body as ReadableStream<Uint8Array>, mostBytes, beyond)) {
        if (event === "endpoint") endpoint.resolve(postTo(data, base));
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
    const sent = await fetch(
      new Request(bare(target), {
        method: "POST",
        headers: { ...auth, "content-type": "application/json" },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
        redirect: "error",
      }),
    );
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
