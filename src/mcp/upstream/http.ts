import { Problem } from "../../lib/problem.ts";
import { bytesInWords, longestLine, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { eventsOf } from "./event-stream.ts";
import { Beyond, Refused, unavailable } from "./failures.ts";
import type { Ear } from "./wire.ts";

/** Address and headers of a server that somebody else runs, secrets included. */
export type HttpTarget = { url: string; headers: Record<string, string> };

/** In whatever case somebody configured a header that is ours to set, ours is the one that counts. */
export const withPlainNames = ({ url, headers }: HttpTarget): HttpTarget => ({
  url,
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
});

/** Rests of a stream after the answer: read, so that the connection can serve again, but not for long. */
const restMs = 1_000;

/**
 * One request. Redirects are not followed: they would take the credentials along.
 * @throws Problem `unavailable` when it cannot be reached
 */
export async function reach(
  target: HttpTarget,
  {
    method = "POST",
    ...init
  }: { method?: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
): Promise<Response> {
  const accept = method === "POST" ? "application/json, text/event-stream" : "text/event-stream";
  const headers = { ...target.headers, accept, ...init.headers };
  // Bun's own limit would end a tool that thinks for longer; ours is the one that counts.
  const more = { method, redirect: "manual", timeout: false } as const;
  try {
    return await fetch(target.url, { ...init, ...more, headers } as RequestInit);
  } catch (error) {
    throw unavailable("it cannot be reached", error);
  }
}

export const isEventStream = (response: Response): response is Response & { body: ReadableStream<Uint8Array> } =>
  (response.headers.get("content-type") ?? "").startsWith("text/event-stream") && response.body !== null;

/** Where a stream may be taken up again, and when. */
export type Resumption = { lastEventId: string | undefined; retryMs: number };

/** Hands on what a stream holds until its end; `at` is kept up to date. @throws when it breaks off or an event is too big */
export async function readStream(
  body: ReadableStream<Uint8Array>,
  onMessage: (data: string) => void,
  at: Resumption,
  limits: ServerLimits,
): Promise<void> {
  for await (const { data, id, retryMs } of eventsOf(body, longestLine(limits))) {
    if (id !== undefined) at.lastEventId = id === "" ? undefined : id;
    if (retryMs !== undefined) at.retryMs = retryMs;
    if (data !== "") onMessage(data);
  }
}

/** The answer to request `id`, whether it comes as JSON or in a stream; at its end the request may still be unanswered. */
export async function readAnswer(
  response: Response,
  id: number,
  ear: Ear,
  at: Resumption,
  ending: AbortController,
  limits: ServerLimits,
) {
  if (!isEventStream(response)) {
    const text = await boundedText(response, limits);
    ear.receive(text, id);
    if (ear.waits(id)) throw refusalOf(response);
    return;
  }
  let rest: ReturnType<typeof setTimeout> | undefined;
  const hand = (data: string) => {
    ear.receive(data, id);
    if (!ear.waits(id)) rest ??= setTimeout(() => ending.abort(), restMs);
  };
  await readStream(response.body, hand, at, limits).finally(() => clearTimeout(rest));
}

/** What an HTTP status without JSON-RPC says. Whoever asks for credentials or is out of order has refused nothing. */
export function refusalOf({ status }: Response): Problem {
  const credentials = status === 401 || status === 403;
  const why = `the server answered HTTP ${status} and no JSON-RPC${credentials ? "; check the server's headers" : ""}`;
  return credentials || status >= 500 ? unavailable(why) : new Refused(why, status);
}

async function boundedText(response: Response, { messageBytes }: ServerLimits): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > messageBytes)
      throw new Beyond(`its answer is over ${bytesInWords(messageBytes)}; ${setByServer("messageBytes")}`);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

export const asProblem = (error: unknown, otherwise: string): Problem =>
  error instanceof Problem ? error : unavailable(otherwise, error);
