import { beginningOf } from "../../lib/bounded-text.ts";
import { eventsOf } from "../../lib/event-stream.ts";
import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf } from "../../lib/problem.ts";

/** A request as it goes out, to the letter: no client library puts right what a probe means to be wrong. */
export type Sent = { url: string; method: string; headers: Record<string, string>; body?: string };

/** What came of one request. Nothing of it is trusted, and it is kept within bounds. */
export type Exchange = {
  /** 0 when there was no answer; `broken` says why. */
  status: number;
  headers: Headers;
  text: string;
  /** The JSON-RPC messages in it, of a body or of the events of a stream. */
  messages: Message[];
  broken?: string;
};
export type Message = Record<string, unknown>;

/** What breaks off within a message: no reader can make sense of it. */
export const torn = `${JSON.stringify({ jsonrpc: "2.0", id: 1 }).slice(0, -1)},`;

const bounds = { bytes: 1024 * 1024, messages: 200, events: 10_000, listenMs: 300 } as const;

/** Sends one request and reads its answer: of a stream until every request in it is answered, of one that answers nothing only its beginning. */
export async function exchange(sent: Sent, timeoutMs: number): Promise<Exchange> {
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(), timeoutMs);
  try {
    const { url, method, headers, body } = sent;
    const response = await fetch(url, {
      method,
      headers,
      redirect: "manual",
      signal: time.signal,
      ...(body === undefined ? {} : { body }),
    });
    const read = isStream(response) ? await streamed(response, sent, time) : await whole(response);
    return { status: response.status, headers: response.headers, ...read };
  } catch (error) {
    const broken = time.signal.aborted ? `nothing within ${timeoutMs / 1000} s` : messageOf(error);
    return { status: 0, headers: new Headers(), text: "", messages: [], broken };
  } finally {
    clearTimeout(timer);
    time.abort();
  }
}

const isStream = ({ headers }: Response): boolean =>
  (headers.get("content-type") ?? "").startsWith("text/event-stream");

type Read = Pick<Exchange, "text" | "messages">;

async function whole(response: Response): Promise<Read> {
  const { text } = await beginningOf(response, bounds.bytes);
  return { text, messages: messagesOf(parsedJson(text)) };
}

async function streamed({ body }: Response, sent: Sent, time: AbortController): Promise<Read> {
  const waiting = new Set(requestIds(sent.body));
  const messages: Message[] = [];
  const texts: string[] = [];
  let size = 0;
  if (waiting.size === 0) setTimeout(() => time.abort(), bounds.listenMs);
  try {
    for await (const { event, data } of eventsOf(body ?? new ReadableStream(), bounds.bytes, () => new Error("long"))) {
      texts.push(`${event}: ${data}`);
      const found = messagesOf(parsedJson(data));
      messages.push(...found);
      for (const message of found) if (!("method" in message)) waiting.delete(JSON.stringify(message["id"]));
      // Whoever is told more than was asked for hears the rest of what was said in one breath.
      if (waiting.size === 0 && requestIds(sent.body).length > 0) setTimeout(() => time.abort(), settleMs);
      size += data.length;
      if (messages.length >= bounds.messages || texts.length >= bounds.events || size >= bounds.bytes) break;
    }
  } catch {
    // A stream that ends in any way has said what it has.
  }
  return { text: texts.join("\n").slice(0, bounds.bytes), messages };
}
const settleMs = 20;

function requestIds(body: string | undefined): string[] {
  if (body === undefined || body.length > bounds.bytes) return [];
  return messagesOf(parsedJson(body)).flatMap(({ id, method }) =>
    id === undefined || method === undefined ? [] : [JSON.stringify(id)],
  );
}

const messagesOf = (value: unknown): Message[] => [value].flat().filter(isObject).slice(0, bounds.messages);

/** The result of a request that was answered by one. */
export function resultOf({ messages }: Exchange): Message | undefined {
  const result = messages.find((message) => "result" in message)?.["result"];
  return isObject(result) ? result : undefined;
}

export type RpcError = { code: unknown; message: unknown; data: unknown };

export function errorOf({ messages }: Exchange): RpcError | undefined {
  const error = messages.find((message) => "error" in message)?.["error"];
  return isObject(error) ? { code: error["code"], message: error["message"], data: error["data"] } : undefined;
}

/** What came, in a few words: `HTTP 400, error -32600: no batch`. */
export function inShort(exchange: Exchange): string {
  const { status, broken, text } = exchange;
  if (status === 0) return `no answer: ${broken ?? "the connection broke"}`;
  const error = errorOf(exchange);
  const said =
    error !== undefined
      ? `error ${String(error.code)}: ${String(error.message)}`
      : resultOf(exchange) !== undefined
        ? "a result"
        : text === ""
          ? "no body"
          : `"${text.slice(0, 120).replace(/\s+/g, " ")}"`;
  return `HTTP ${status}, ${said}`;
}

/** Judges an answer that must be this error and no other. */
export function withCode(code: number, status?: number): (answer: Exchange) => string | undefined {
  return (answer) =>
    errorOf(answer)?.code === code && (status === undefined || answer.status === status) ? undefined : inShort(answer);
}
