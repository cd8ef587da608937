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
  transcript?: () => Transcript;
  /** The client has gone before the answer. */
  onGone?: () => void;
};

/** Long calls become streams: so they can be resumed, and nobody on the way takes their silence for death. */
const slowMs = 1_000;

/** The answer to one POST: JSON, or an event stream as soon as there is more to say than the answer, or after a second of silence. */
export function createReply({ readers, streams, transcript, onGone }: Options) {
  const answered = Promise.withResolvers<Response>();
  let out: EventOut | undefined;
  let log: Transcript | undefined;
  let isDone = false;
  const timer = streams === "at need" ? setTimeout(() => stream(), slowMs) : undefined;

  function stream(): void {
    if (out !== undefined) return;
    clearTimeout(timer);
    out = eventOut(readers, {
      onClose: () => {
        if (!isDone) onGone?.();
      },
    });
    log = transcript?.();
    log?.attach(out);
    answered.resolve(new Response(out.body, { headers: streamHeaders }));
  }

  const write = (text: string) => (log === undefined ? out?.send(text) : log.add(text));

  if (streams === "rather") stream();

  return {
    response: answered.promise,
    /** Sends something besides the answer. False when it cannot be: then nobody will ever answer it. */
    send(text: string, mayBeMissed = false): boolean {
      if (isDone || streams === "never") return false;
      stream();
      if (mayBeMissed && out?.isBehind() === true) return true;
      write(text);
      return log !== undefined || out?.isOpen() === true;
    },
    /** The answer. On a stream it is the last event, and its status is told by what it holds. */
    end(answer: Answer, head: ReturnType<typeof headOf>): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (out === undefined) answered.resolve(new Response(bodyOf(answer, readers), head));
      else {
        write(textOf(answer));
        log?.end();
        out.close();
      }
    },
    /** Lets go of a stream that can be taken up again; the answer comes there. */
    pause(retryMs: number): void {
      if (log?.primes === true && streams === "rather") out?.pause(retryMs);
    },
    /** Ends it without an answer: the right to it has ended. Before a word was said, `why` is thrown to whoever waits for the response. */
    abort(why: unknown): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (out === undefined) answered.reject(why);
      log?.end();
      out?.close();
    },
  };
}
