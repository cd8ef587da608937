import { type Alarm, wheel } from "../../lib/wheel.ts";
import type { Outcome } from "../answers.ts";
import { type Head, longMs, type Visitor } from "../visit.ts";
import { answerOf, bodyOf, textOf } from "./answer.ts";
import { EventOut, streamHead } from "./event-out.ts";
import type { Readers } from "./readers.ts";

/** Where the messages of one event stream go, so that they can be had again. */
export type Transcript = {
  add: (data: string) => void;
  attach: (out: EventOut) => void;
  end: () => void;
  /** Whether the client knows from the beginning where to come back to. */
  primes: boolean;
};

/** Whether the client takes an event stream, and would rather; without it everything but the answer is dropped. */
export type StreamTaste = "never" | "at need" | "rather";

/** Whether the client reads an event stream as well as JSON, and which it names first. One that says nothing about it reads JSON. */
export function tasteOf(request: Request): StreamTaste {
  const accept = request.headers.get("accept") ?? "";
  if (!accept.includes("text/event-stream")) return "never";
  return accept.trimStart().startsWith("text/event-stream") ? "rather" : "at need";
}

/** Long calls become streams: so they can be resumed, and nobody on the way takes their silence for death. */
const slowMs = 1_000;

/** The answer to one POST: JSON, or an event stream as soon as there is more to say than the answer, or after a second of silence (`whenLong`). */
export class Reply {
  readonly id: string;
  readonly #visitor: Visitor;
  readonly #readers: Readers;
  readonly #streams: StreamTaste;
  readonly #transcript: (() => Transcript) | undefined;
  #alarm: Alarm | undefined;
  #out: EventOut | undefined;
  #log: Transcript | undefined;
  #isDone = false;

  /** `transcript` is there for a stream that can be resumed: its beginning is an event with an id and nothing else. */
  constructor(
    visitor: Visitor,
    id: string,
    streams: StreamTaste,
    readers: Readers,
    transcript: (() => Transcript) | undefined,
  ) {
    this.#visitor = visitor;
    this.id = id;
    this.#streams = streams;
    this.#readers = readers;
    this.#transcript = transcript;
    if (streams === "rather") this.#stream();
  }

  lasts(): void {
    if (this.#streams === "at need" && !this.#isDone) this.#alarm = wheel.after(slowMs - longMs, this);
  }

  ring(): void {
    this.#stream();
  }

  /** Sends something besides the answer. False when it cannot be: then nobody will ever answer it. */
  send(text: string, mayBeMissed = false): boolean {
    if (this.#isDone || this.#streams === "never") return false;
    const out = this.#stream();
    if (mayBeMissed && out.isBehind()) return true;
    this.#write(text);
    return this.#log !== undefined || out.isOpen();
  }

  /** The answer. On a stream it is the last event, and its status is told by what it holds. */
  end(outcome: Outcome, head: Head): void {
    if (!this.#isLast()) return;
    try {
      this.#say(outcome, head);
    } catch (why) {
      // Whoever tells us cannot be told: the client would wait for ever.
      this.#visitor.fail(why);
      this.#close();
    }
  }

  #say(outcome: Outcome, head: Head): void {
    const answer = answerOf(this.id, outcome);
    if (this.#out === undefined) return void this.#visitor.answer(bodyOf(answer, this.#readers), head);
    this.#write(textOf(answer));
    this.#close();
  }

  /** Lets go of a stream that can be taken up again; the answer comes there. */
  pause(retryMs: number): void {
    if (this.#log?.primes === true && this.#streams === "rather") this.#out?.pause(retryMs);
  }

  /** Ends it without an answer, as when the right to it has ended. `why` is told where no word was said before. */
  fail(why: unknown): void {
    if (!this.#isLast()) return;
    this.#visitor.fail(why);
    this.#close();
  }

  /** The right to it has ended. */
  ended(why: unknown): void {
    this.fail(why);
  }

  /** The client has gone before the answer. */
  protected left(): void {}

  #isLast(): boolean {
    if (this.#isDone) return false;
    this.#isDone = true;
    this.#alarm?.cancel();
    return true;
  }

  #close(): void {
    this.#log?.end();
    this.#out?.close();
  }

  #stream(): EventOut {
    return this.#out ?? this.#opened();
  }

  #opened(): EventOut {
    this.#alarm?.cancel();
    const onClose = () => {
      if (!this.#isDone) this.left();
    };
    const out = new EventOut(this.#readers, { onClose });
    this.#out = out;
    this.#log = this.#transcript?.();
    this.#log?.attach(out);
    this.#visitor.answer(out.body, streamHead);
    return out;
  }

  #write(text: string): void {
    if (this.#log === undefined) this.#out?.send(text);
    else this.#log.add(text);
  }
}
