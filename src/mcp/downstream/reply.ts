import { type Alarm, wheel } from "../../lib/wheel.ts";
import type { headOf } from "../answers.ts";
import { type Answer, bodyOf, textOf } from "./answer.ts";
import { type EventOut, eventOut, streamHeaders } from "./event-out.ts";
import type { Readers } from "./readers.ts";

/** Where the messages of one event stream go, so that they can be had again. */
export type Transcript = {
  add: (data: string) => void;
  attach: (out: EventOut) => void;
  end: () => void;
  /** Whether the client knows from the beginning where to come back to. */
  primes: boolean;
};

export type StreamTaste = "never" | "at need" | "rather";

/** Whether the client reads an event stream as well as JSON, and which it names first. One that says nothing about it reads JSON. */
export function tasteOf(request: Request): StreamTaste {
  const accept = request.headers.get("accept") ?? "";
  if (!accept.includes("text/event-stream")) return "never";
  return accept.trimStart().startsWith("text/event-stream") ? "rather" : "at need";
}

type Options = {
  readers: Readers;
  /** Whether the client takes an event stream, and would rather; without it everything but the answer is dropped. */
  streams: StreamTaste;
  /** A stream that can be resumed: its beginning is an event with an id and nothing else. */
  transcript?: (() => Transcript) | undefined;
  /** The client has gone before the answer. */
  onGone?: () => void;
};

/** Long calls become streams: so they can be resumed, and nobody on the way takes their silence for death. */
const slowMs = 1_000;

/** The answer to one POST: JSON, or an event stream as soon as there is more to say than the answer, or after a second of silence. */
export class Reply {
  readonly #options: Options;
  readonly #answered = Promise.withResolvers<Response>();
  readonly #alarm: Alarm | undefined;
  #out: EventOut | undefined;
  #log: Transcript | undefined;
  #isDone = false;

  constructor(options: Options) {
    this.#options = options;
    if (options.streams === "rather") this.#stream();
    else if (options.streams === "at need") this.#alarm = wheel.after(slowMs, () => this.#stream());
  }

  get response(): Promise<Response> {
    return this.#answered.promise;
  }

  /** Sends something besides the answer. False when it cannot be: then nobody will ever answer it. */
  send(text: string, mayBeMissed = false): boolean {
    if (this.#isDone || this.#options.streams === "never") return false;
    const out = this.#stream();
    if (mayBeMissed && out.isBehind()) return true;
    this.#write(text);
    return this.#log !== undefined || out.isOpen();
  }

  /** The answer. On a stream it is the last event, and its status is told by what it holds. */
  end(answer: Answer, head: ReturnType<typeof headOf>): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#alarm?.cancel();
    if (this.#out === undefined) this.#answered.resolve(new Response(bodyOf(answer, this.#options.readers), head));
    else {
      this.#write(textOf(answer));
      this.#log?.end();
      this.#out.close();
    }
  }

  /** Lets go of a stream that can be taken up again; the answer comes there. */
  pause(retryMs: number): void {
    if (this.#log?.primes === true && this.#options.streams === "rather") this.#out?.pause(retryMs);
  }

  /** Ends it without an answer: the right to it has ended. Before a word was said, `why` is thrown to whoever waits for the response. */
  abort(why: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#alarm?.cancel();
    if (this.#out === undefined) this.#answered.reject(why);
    this.#log?.end();
    this.#out?.close();
  }

  #stream(): EventOut {
    if (this.#out !== undefined) return this.#out;
    const { readers, transcript, onGone } = this.#options;
    this.#alarm?.cancel();
    const out = eventOut(readers, {
      onClose: () => {
        if (!this.#isDone) onGone?.();
      },
    });
    this.#out = out;
    this.#log = transcript?.();
    this.#log?.attach(out);
    this.#answered.resolve(new Response(out.body, { headers: streamHeaders }));
    return out;
  }

  #write(text: string): void {
    if (this.#log === undefined) this.#out?.send(text);
    else this.#log.add(text);
  }
}
