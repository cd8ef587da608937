import { eventListener, type ServerEvent } from "../../lib/event-stream.ts";
import { Problem } from "../../lib/problem.ts";
import { shareOfTime } from "../../lib/share.ts";
import { type Alarm, wheel } from "../../lib/wheel.ts";
import { bytesInWords, longestLine, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { boundedText } from "./bounded-text.ts";
import { Absent, Beyond, Refused, unavailable } from "./failures.ts";
import type { Answer } from "./http1/answer.ts";
import type { Ear } from "./wire.ts";

/** Rests of a stream after the answer: read, so that the connection can serve again, but not for long. */
const restMs = 1_000;

export const isEventStream = (answer: Answer): boolean =>
  (answer.header("content-type") ?? "").toLowerCase().startsWith("text/event-stream");

/** Where a stream may be taken up again, and when. */
export type Resumption = { lastEventId: string | undefined; retryMs: number };

/** Longer ones take turns: each keeps the event loop busy for as long as a hundred others (bench/hostile.ts). */
const bigMessage = 256 * 1024;

/** A short text costs a tenth of what `toString` takes for it. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads what one server answers over HTTP. */
export function answerReader(limits: ServerLimits) {
  const share = shareOfTime();
  const atOnce = Math.min(bigMessage, limits.messageBytes);

  async function inTurn(text: string, receive: (text: string) => void): Promise<void> {
    await share.began();
    receive(text);
    await share.spent();
  }

  /** Hands on what a stream holds until its end; `at` is kept up to date. @throws when it breaks off or an event is too big */
  function readStream(answer: Answer, receive: (data: string) => void, at: Resumption): Promise<void> {
    const hand = ({ data, id, retryMs }: ServerEvent): Promise<void> | undefined => {
      if (id !== undefined) at.lastEventId = id === "" ? undefined : id;
      if (retryMs !== undefined) at.retryMs = retryMs;
      if (data.length > bigMessage) return inTurn(data, receive);
      if (data !== "") receive(data);
      return undefined;
    };
    return answer.each(eventListener(longestLine(limits), beyondOfStream, hand));
  }

  /**
   * The answer to request `id` as nearly all are, JSON that came whole with its head: read without waiting. Answers false for any other, of which
   * nothing is read.
   */
  function readAtOnce(answer: Answer, id: number, ear: Ear): boolean {
    const { status, whole } = answer;
    if (status !== 200 || whole === undefined || whole.length > atOnce || isEventStream(answer)) return false;
    ear.receive(whole.length > 4096 ? whole.toString() : decoder.decode(whole), id);
    if (ear.waits(id)) throw refusalOf(answer);
    return true;
  }

  /** The answer to request `id`, whether it comes as JSON or in a stream; at its end the request may still be unanswered. */
  async function readAnswer(answer: Answer, id: number, ear: Ear, at: Resumption): Promise<void> {
    if (!isEventStream(answer)) {
      const text = await boundedText(answer, limits.messageBytes, setByServer("messageBytes"));
      if (text.length > bigMessage) await inTurn(text, (whole) => ear.receive(whole, id));
      else ear.receive(text, id);
      if (ear.waits(id)) throw refusalOf(answer);
      return;
    }
    let rest: Alarm | undefined;
    const hand = (data: string) => {
      ear.receive(data, id);
      if (!ear.waits(id)) rest ??= wheel.after(restMs, () => answer.letGo());
    };
    try {
      await readStream(answer, hand, at);
    } finally {
      rest?.cancel();
    }
  }

  return { readStream, readAnswer, readAtOnce };
}

/** What an HTTP status without JSON-RPC says. Whoever asks for credentials or is out of order has refused nothing. */
export function refusalOf({ status }: Answer): Problem {
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
