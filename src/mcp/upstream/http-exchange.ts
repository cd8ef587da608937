import { Problem } from "../../lib/problem.ts";
import type { Outcome } from "../answers.ts";
import { membersOf, memberText } from "../spans.ts";
import { isJsonObject } from "./conversation.ts";
import { eventsOf } from "./event-stream.ts";
import { limits } from "./upstream.ts";

/** Address and headers of a server that somebody else runs, secrets included. */
export type HttpTarget = { url: string; headers: Record<string, string> };

export type Posting = {
  /** The whole JSON-RPC message. */
  body: string;
  /** Of this message, besides the target's own. */
  headers: Record<string, string>;
  timeoutMs: number;
  /** Any of these ends it. */
  signals: readonly AbortSignal[];
  /** Told when nobody waits any more for an answer that the server may still be working at. */
  onGivenUp?: () => void;
};

/**
 * One POST, and what is to be done with its answer, all within the deadline. Redirects are not followed: they would take the credentials along.
 * @throws Problem `unavailable`
 */
export async function exchange<T>(
  target: HttpTarget,
  posting: Posting,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { timeoutMs, signals } = posting;
  const ending = new AbortController();
  const end = () => ending.abort();
  let expired = false;
  const timer = setTimeout(() => {
    expired = true;
    end();
  }, timeoutMs);
  for (const signal of signals) signal.addEventListener("abort", end);
  if (signals.some(({ aborted }) => aborted)) end();
  try {
    return await read(await post(target, posting, ending.signal));
  } catch (error) {
    if (ending.signal.aborted) posting.onGivenUp?.();
    if (error instanceof Problem) throw error;
    if (expired) throw new Problem("unavailable", `no answer within ${timeoutMs / 1000} s`, { cause: error });
    throw new Problem("unavailable", ending.signal.aborted ? "the caller went away" : "it cannot be reached", {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal.removeEventListener("abort", end);
  }
}

const post = (target: HttpTarget, { body, headers }: Posting, signal: AbortSignal): Promise<Response> =>
  fetch(target.url, {
    method: "POST",
    redirect: "manual",
    signal,
    // Bun's own limit would end a tool that thinks for longer; ours is the one that counts.
    timeout: false,
    headers: {
      ...target.headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body,
  } as RequestInit);

/** The answer to our id, out of a JSON body or an event stream; whatever else the stream holds is a notification. */
export async function readAnswer(
  response: Response,
  id: number,
  onNotification: (method: string) => void,
): Promise<Outcome> {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("text/event-stream") && response.body !== null)
    return await readStream(response.body, id, onNotification);
  const text = await boundedText(response);
  const outcome = isJsonObject(text) ? outcomeOf(text, id) : undefined;
  if (outcome !== undefined) return outcome;
  const credentials = response.status === 401 || response.status === 403 ? "; check the server's headers" : "";
  throw new Problem("unavailable", `the server answered HTTP ${response.status} and no JSON-RPC${credentials}`);
}

async function readStream(
  body: ReadableStream<Uint8Array>,
  id: number,
  onNotification: (method: string) => void,
): Promise<Outcome> {
  try {
    for await (const text of eventsOf(body, limits.messageBytes)) {
      if (!isJsonObject(text)) continue;
      const outcome = outcomeOf(text, id);
      if (outcome !== undefined) return outcome;
      const { method, id: theirs } = JSON.parse(text) as { method?: unknown; id?: unknown };
      if (typeof method === "string" && theirs === undefined) onNotification(method);
    }
  } catch (error) {
    throw new Problem("unavailable", "the server's event stream broke off", { cause: error });
  }
  throw new Problem("unavailable", "the server's event stream ended without an answer");
}

function outcomeOf(text: string, id: number): Outcome | undefined {
  const members = membersOf(text);
  if (memberText(text, members, "method") !== undefined || memberText(text, members, "id") !== String(id))
    return undefined;
  const result = memberText(text, members, "result");
  const error = memberText(text, members, "error");
  return error !== undefined ? { error } : result !== undefined ? { result } : undefined;
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > limits.messageBytes) throw new Problem("unavailable", "the server's answer is too big");
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}
