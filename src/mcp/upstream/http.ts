import { eventsOf } from "../../lib/event-stream.ts";
import { Problem } from "../../lib/problem.ts";
import { shareOfTime } from "../../lib/share.ts";
import { bytesInWords, longestLine, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { boundedText } from "./bounded-text.ts";
import { Absent, Beyond, Refused, unavailable } from "./failures.ts";
import type { Ear } from "./wire.ts";

/** Rests of a stream after the answer: read, so that the connection can serve again, but not for long. */
const restMs = 1_000;

export const isEventStream = (response: Response): response is Response & { body: ReadableStream<Uint8Array> } =>
  (response.headers.get("content-type") ?? "").startsWith("text/event-stream") && response.body !== null;

/** Where a stream may be taken up again, and when. */
export type Resumption = { lastEventId: string | undefined; retryMs: number };

/** Longer ones take turns: each keeps the event loop busy for as long as a hundred others (bench/hostile.ts). */
const bigMessage = 256 * 1024;

/** Reads what one server answers over HTTP. */
export function answerReader(limits: ServerLimits) {
  const share = shareOfTime();

  async function inTurn(text: string, receive: (text: string) => void): Promise<void> {
    await share.began();
    receive(text);
    await share.spent();
  }

  /** Hands on what a stream holds until its end; `at` is kept up to date. @throws when it breaks off or an event is too big */
  async function readStream(
    body: ReadableStream<Uint8Array>,
    receive: (data: string) => void,
    at: Resumption,
  ): Promise<void> {
    for await (const { data, id, retryMs } of eventsOf(body, longestLine(limits), beyondOfStream)) {
      if (id !== undefined) at.lastEventId = id === "" ? undefined : id;
      if (retryMs !== undefined) at.retryMs = retryMs;
      if (data.length > bigMessage) await inTurn(data, receive);
      else if (data !== "") receive(data);
    }
  }

  /** The answer to request `id`, whether it comes as JSON or in a stream; at its end the request may still be unanswered. */
  async function readAnswer(response: Response, id: number, ear: Ear, at: Resumption, ending: AbortController) {
    if (!isEventStream(response)) {
      const text = await boundedText(response, limits.messageBytes, setByServer("messageBytes"));
      const receive = (whole: string) => ear.receive(whole, id);
      if (text.length > bigMessage) await inTurn(text, receive);
      else receive(text);
      if (ear.waits(id)) throw refusalOf(response);
      return;
    }
    let rest: ReturnType<typeof setTimeout> | undefined;
    const hand = (data: string) => {
      ear.receive(data, id);
      if (!ear.waits(id)) rest ??= setTimeout(() => ending.abort(), restMs);
    };
    await readStream(response.body, hand, at).finally(() => clearTimeout(rest));
  }

  return { readStream, readAnswer };
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

/** Of an event stream that has an event beyond all bounds. */
export const beyondOfStream = (of: "bytes" | "lines", most: number): Beyond =>
  new Beyond(
    of === "lines"
      ? `its event stream has an event of over ${most} lines`
      : `its event stream has an event of over ${bytesInWords(most)}; ${setByServer("lineBytes")}`,
  );
