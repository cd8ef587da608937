import type { EventOut } from "./event-out.ts";
import type { Transcript } from "./reply.ts";

/** How much of its streams a session can have again, and how long after the last event of one. */
const mostEvents = 500;
const mostBytes = 4 * 1024 * 1024;
const keptMs = 5 * 60_000;
/** How soon a client may come back. */
const retryMs = 1_000;

type Event = { seq: number; data: string };
type Stream = { number: number; events: Event[]; last: number; out?: EventOut | undefined; endedAt?: number };

/**
 * What was said on a session's streams, so that a client whose connection broke has the rest (`Last-Event-ID`, 2025-11-25 transports §Resumability).
 * An event's id is `stream.place`. The stream of GET is number 0.
 */
export type Transcripts = ReturnType<typeof createTranscripts>;

/** `grew` is told how many more are kept, or fewer. */
export function createTranscripts(primes: boolean, now: () => number, grew: (bytes: number) => void = () => {}) {
  const streams = new Map<number, Stream>();
  let nextNumber = 1;
  let bytes = 0;
  let events = 0;
  let isClosed = false;

  function opened(number: number): Stream {
    const stream = streams.get(number) ?? { number, events: [], last: 0 };
    streams.set(number, stream);
    return stream;
  }

  function forget(stream: Stream, event: Event | undefined): void {
    if (event === undefined) return;
    stream.events.shift();
    bytes -= event.data.length;
    events--;
    grew(-event.data.length);
  }

  function trim(): void {
    const isOver = () => bytes > mostBytes || events > mostEvents;
    for (const stream of streams.values()) {
      while (isOver() && stream.events.length > 0) forget(stream, stream.events[0]);
      if (!isOver()) return;
      // Else a session of many calls would be gone through from its beginning at each of them.
      if (stream.endedAt !== undefined) streams.delete(stream.number);
    }
  }

  function add(stream: Stream, data: string): void {
    const id = `${stream.number}.${++stream.last}`;
    stream.out?.send(data, { id });
    if (isClosed) return;
    stream.events.push({ seq: stream.last, data });
    bytes += data.length;
    events++;
    grew(data.length);
    trim();
  }

  function empty(): void {
    for (const stream of streams.values()) while (stream.events.length > 0) forget(stream, stream.events[0]);
  }

  const transcriptOf = (stream: Stream): Transcript => ({
    add: (data) => add(stream, data),
    attach: (out) => {
      stream.out = out;
      // The client learns of an id to come back with before there is anything to miss; older ones would try to parse it.
      if (primes) out.send("", { id: `${stream.number}.${stream.last}`, retry: retryMs });
    },
    end: () => {
      stream.endedAt = now();
      stream.out?.close();
      stream.out = undefined;
      if (stream.events.length === 0) streams.delete(stream.number);
    },
    primes,
  });

  return {
    /** The stream of one POST. */
    post: (): Transcript => transcriptOf(opened(nextNumber++)),
    /** Says something that belongs to no request. Answers whether anybody hears it now. */
    say(data: string): boolean {
      const stream = opened(0);
      add(stream, data);
      return stream.out?.isOpen() === true;
    },
    /** Puts a GET's stream in the place of the one before. */
    listen(out: EventOut): void {
      const stream = opened(0);
      const before = stream.out;
      transcriptOf(stream).attach(out);
      before?.close();
    },
    /** A stream that broke is not held on to: its whole request would be, for as long as the session may come back. */
    left(out: EventOut): void {
      for (const stream of streams.values()) if (stream.out === out) stream.out = undefined;
    },
    /** Goes on where a stream broke off. False when nothing is known of it. */
    resume(lastEventId: string, out: EventOut): boolean {
      const [, number, place] = /^(\d{1,9})\.(\d{1,9})$/.exec(lastEventId) ?? [];
      const stream = streams.get(Number(number));
      if (number === undefined || stream === undefined) return false;
      const before = stream.out;
      stream.out = out;
      before?.close();
      for (const { seq, data } of stream.events)
        if (seq > Number(place)) out.send(data, { id: `${stream.number}.${seq}` });
      if (stream.endedAt !== undefined) out.close();
      return true;
    },
    /** Lets go of streams that ended a while ago. Answers whether anything is left to be had again. */
    prune(): boolean {
      for (const stream of streams.values()) {
        const isOld = stream.endedAt !== undefined && now() - stream.endedAt > keptMs;
        if (!isOld) continue;
        while (stream.events.length > 0) forget(stream, stream.events[0]);
        streams.delete(stream.number);
      }
      return [...streams.values()].some(({ number, out }) => number !== 0 || out?.isOpen() === true);
    },
    bytes: () => bytes,
    /** Nothing of what was said so far can be had again. */
    empty,
    close(): void {
      empty();
      isClosed = true;
      for (const { out } of streams.values()) out?.close();
      streams.clear();
    },
  };
}
