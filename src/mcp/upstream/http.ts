import type { ServerEvent } from "../../lib/event-reader.ts";
import { EventStream } from "../../lib/event-stream.ts";
import { Problem } from "../../lib/problem.ts";
import { bytesInWords, longestLine, type ServerLimits, setByServer } from "../../resources/limits.ts";
import { boundedPieces } from "./bounded-text.ts";
import { Absent, Beyond, Refused, unavailable } from "./failures.ts";
import type { Answer, Reader } from "./http1/answer.ts";
import { giveBack } from "./http1/given-back.ts";
import { longestAtOnce } from "./incoming.ts";
import type { Ear } from "./wire.ts";

export const isEventStream = (answer: Answer): boolean =>
  (answer.header("content-type") ?? "").toLowerCase().startsWith("text/event-stream");

/** Where a stream may be taken up again, and when. */
export type Resumption = { lastEventId: string | undefined; retryMs: number };

/** Who hears what the events of a stream say, and may take time for a long one; where it can be taken up again is kept up to date. */
export type Hearer = Resumption & {
  heard: (data: string) => Promise<void> | undefined;
  over: (failure: unknown) => void;
};

/** Reads what one server answers over HTTP. */
export type AnswerReader = ReturnType<typeof answerReader>;

export function answerReader(limits: ServerLimits) {
  const atOnce = Math.min(longestAtOnce, limits.messageBytes);

  /** Hands on what a stream holds until its end; an event that is too big breaks it off. */
  function readStream(answer: Answer, hearer: Hearer): void {
    answer.read(new Hearing(hearer, longestLine(limits)));
  }

  /**
   * The answer to request `id` as nearly all are, JSON that came whole with its head: read without waiting. Answers false for any other, of which
   * nothing is read.
   */
  function readAtOnce(answer: Answer, id: number, ear: Ear): boolean {
    const text = answer.status === 200 && !isEventStream(answer) ? answer.atOnce?.(atOnce) : undefined;
    if (text === undefined) return false;
    ear.receive(text, id);
    if (ear.waits(id)) throw refusalOf(answer);
    return true;
  }

  /** The same for one that has to be waited for. */
  async function readText(answer: Answer, id: number, ear: Ear): Promise<void> {
    const pieces = await boundedPieces(answer, limits.messageBytes, setByServer("messageBytes"));
    const [first = ""] = pieces;
    if (pieces.length === 1 && first.length <= longestAtOnce) ear.receive(first, id);
    else await ear.receiveLong(pieces, id);
    if (ear.waits(id)) throw refusalOf(answer);
  }

  return { readStream, readText, readAtOnce };
}

/** Between an event stream and who hears it. */
class Hearing implements Reader {
  readonly #hearer: Hearer;
  readonly #stream: EventStream;

  constructor(hearer: Hearer, longestEvent: number) {
    this.#hearer = hearer;
    this.#stream = new EventStream(longestEvent, beyondOfStream, this);
  }

  take(bytes: Buffer): Promise<void> | undefined {
    const waited = this.#stream.take(bytes);
    if (waited !== undefined) return waited.then(() => giveBack(bytes));
    giveBack(bytes);
    return undefined;
  }

  event({ data, id, retryMs }: ServerEvent): Promise<void> | undefined {
    const hearer = this.#hearer;
    if (id !== undefined) hearer.lastEventId = id === "" ? undefined : id;
    if (retryMs !== undefined) hearer.retryMs = retryMs;
    return data === "" ? undefined : hearer.heard(data);
  }

  over(failure: unknown): void {
    this.#hearer.over(failure);
  }
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
