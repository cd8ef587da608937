import type { EventOut } from "./event-out.ts";
import type { Transcript } from "./reply.ts";

/** How much of its streams a session can have again, and how long after the last event of one. */
const mostEvents = 500;
const mostBytes = 4 * 1024 * 1024;
const keptMs = 5 * 60_000;
/** How soon a client may come back. */
const retryMs = 1_000;

type Event = { seq: number; data: string };

/** What was said on one stream, and who hears it. Its events are counted among those of all. */
class Stream implements Transcript {
  readonly number: number;
  readonly events: Event[] = [];
  readonly #all: Transcripts;
  last = 0;
  out: EventOut | undefined;
  endedAt: number | undefined;

  constructor(number: number, all: Transcripts) {
    this.number = number;
    this.#all = all;
  }

  get primes(): boolean {
    return this.#all.primes;
  }

  add(data: string): void {
    const id = `${this.number}.${++this.last}`;
    this.out?.send(data, { id });
    this.#all.keep(this, data);
  }

  attach(out: EventOut): void {
    this.out = out;
    // The client learns of an id to come back with before there is anything to miss; older ones would try to parse it.
    if (this.primes) out.send("", { id: `${this.number}.${this.last}`, retry: retryMs });
  }

  end(): void {
    this.out?.close();
    this.out = undefined;
    this.#all.ended(this);
  }
}

/**
 * What was said on a session's streams, so that a client whose connection broke has the rest (`Last-Event-ID`, 2025-11-25 transports §Resumability).
 * An event's id is `stream.place`. The stream of GET is number 0.
 */
export class Transcripts {
  readonly primes: boolean;
  readonly #now: () => number;
  readonly #grew: (bytes: number) => void;
  readonly #streams = new Map<number, Stream>();
  #nextNumber = 1;
  #bytes = 0;
  #events = 0;
  #isClosed = false;

  /** `grew` is told how many more bytes are kept, or fewer. */
  constructor(primes: boolean, now: () => number, grew: (bytes: number) => void = () => {}) {
    this.primes = primes;
    this.#now = now;
    this.#grew = grew;
  }

  /** The stream of one POST. */
  post = (): Transcript => this.#opened(this.#nextNumber++);

  /** Says something that belongs to no request. Answers whether anybody hears it now. */
  say = (data: string): boolean => {
    const stream = this.#opened(0);
    stream.add(data);
    return stream.out?.isOpen() === true;
  };

  /** Puts a GET's stream in the place of the one before. */
  listen(out: EventOut): void {
    const stream = this.#opened(0);
    const before = stream.out;
    stream.attach(out);
    before?.close();
  }

  /** A stream that broke is not held on to: its whole request would be, for as long as the session may come back. */
  left(out: EventOut): void {
    for (const stream of this.#streams.values()) if (stream.out === out) stream.out = undefined;
  }

  /** Goes on where a stream broke off. False when nothing is known of it. */
  resume(lastEventId: string, out: EventOut): boolean {
    const [, number, place] = /^(\d{1,9})\.(\d{1,9})$/.exec(lastEventId) ?? [];
    const stream = this.#streams.get(Number(number));
    if (number === undefined || stream === undefined) return false;
    const before = stream.out;
    stream.out = out;
    before?.close();
    for (const { seq, data } of stream.events)
      if (seq > Number(place)) out.send(data, { id: `${stream.number}.${seq}` });
    if (stream.endedAt !== undefined) out.close();
    return true;
  }

  /** Lets go of streams that ended a while ago. Answers whether anything is left to be had again. */
  prune(): boolean {
    for (const stream of this.#streams.values()) {
      const isOld = stream.endedAt !== undefined && this.#now() - stream.endedAt > keptMs;
      if (!isOld) continue;
      this.#forgetAll(stream);
      this.#streams.delete(stream.number);
    }
    return [...this.#streams.values()].some(({ number, out }) => number !== 0 || out?.isOpen() === true);
  }

  bytes(): number {
    return this.#bytes;
  }

  /** Nothing of what was said so far can be had again. */
  empty(): void {
    for (const stream of this.#streams.values()) this.#forgetAll(stream);
  }

  close(): void {
    this.empty();
    this.#isClosed = true;
    for (const { out } of this.#streams.values()) out?.close();
    this.#streams.clear();
  }

  keep(stream: Stream, data: string): void {
    if (this.#isClosed) return;
    stream.events.push({ seq: stream.last, data });
    this.#bytes += data.length;
    this.#events++;
    this.#grew(data.length);
    this.#trim();
  }

  ended(stream: Stream): void {
    stream.endedAt = this.#now();
    if (stream.events.length === 0) this.#streams.delete(stream.number);
  }

  #opened(number: number): Stream {
    const known = this.#streams.get(number);
    if (known !== undefined) return known;
    const stream = new Stream(number, this);
    this.#streams.set(number, stream);
    return stream;
  }

  #forgetAll(stream: Stream): void {
    while (stream.events.length > 0) this.#forget(stream);
  }

  #forget(stream: Stream): void {
    const event = stream.events.shift();
    if (event === undefined) return;
    this.#bytes -= event.data.length;
    this.#events--;
    this.#grew(-event.data.length);
  }

  #trim(): void {
    for (const stream of this.#streams.values()) {
      while (this.#isOver() && stream.events.length > 0) this.#forget(stream);
      if (!this.#isOver()) return;
      // Else a session of many calls would be gone through from its beginning at each of them.
      if (stream.endedAt !== undefined) this.#streams.delete(stream.number);
    }
  }

  #isOver(): boolean {
    return this.#bytes > mostBytes || this.#events > mostEvents;
  }
}
