import { type Beyond, EventReader, type ServerEvent } from "./event-reader.ts";
import { ShareOfTime } from "./share.ts";

/** The events of a stream as an iterator, for who reads one by a `Response`. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  beyond: Beyond,
  part?: number,
): AsyncGenerator<ServerEvent> {
  const reader = new EventReader(maxBytes, beyond);
  const share = new ShareOfTime(part);
  for await (const chunk of body) {
    await share.began();
    reader.take(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      if (next !== "more") yield next;
      const turn = share.spent();
      if (turn !== undefined) await turn;
    }
  }
}

/** Who hears events; a promise has the stream wait. */
export type EventHearer = { event: (event: ServerEvent) => Promise<void> | undefined };

/**
 * Takes a stream chunk by chunk and hands on its events. It answers a promise where it has to be waited for: who hears an event has others wait, or
 * the stream says more than others can bear, and waits after each share of it.
 */
export class EventStream {
  readonly #reader: EventReader;
  readonly #share: ShareOfTime;
  readonly #hearer: EventHearer;

  constructor(maxBytes: number, beyond: Beyond, hearer: EventHearer, share?: number) {
    this.#reader = new EventReader(maxBytes, beyond);
    this.#share = new ShareOfTime(share);
    this.#hearer = hearer;
  }

  take(chunk: Uint8Array): Promise<void> | undefined {
    const rest = this.#share.began();
    if (rest !== undefined) return this.#takeAfter(rest, chunk);
    this.#reader.take(chunk);
    return this.#goOn();
  }

  async #takeAfter(rest: Promise<void>, chunk: Uint8Array): Promise<void> {
    await rest;
    this.#reader.take(chunk);
    await this.#goOn();
  }

  #goOn(): Promise<void> | undefined {
    for (let next = this.#reader.next(); next !== undefined; next = this.#reader.next()) {
      const heard = next === "more" ? undefined : this.#hearer.event(next);
      const waited = heard ?? this.#share.spent();
      if (waited !== undefined) return this.#goOnAfter(waited);
    }
    return undefined;
  }

  async #goOnAfter(waited: Promise<void>): Promise<void> {
    await waited;
    // Who waited has done nothing meanwhile.
    await this.#share.began();
    await this.#goOn();
  }
}
