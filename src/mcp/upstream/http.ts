import { Problem } from "../../lib/problem.ts";
import { longestLine, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { boundedText } from "./bounded-text.ts";
import { eventsOf } from "./event-stream.ts";
import { Absent, Refused, unavailable } from "./failures.ts";
import type { Ear } from "./wire.ts";

/** Rests of a stream after the answer: read, so that the connection can serve again, but not for long. */
const restMs = 1_000;

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
    const text = await boundedText(response, limits.messageBytes, setByServer("messageBytes"));
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
  const why = `the server answered HTTP ${status} and no JSON-RPC${credentials ? "; check the server's headers or `oauth`" : ""}`;
  // What stands before it says that it is not there itself.
  if (status === 502 || status === 503 || status === 504) return new Absent(why);
  return credentials || status >= 500 ? unavailable(why) : new Refused(why, status);
}

export const asProblem = (error: unknown, otherwise: string): Problem =>
  error instanceof Problem ? error : new Absent(otherwise, error);
