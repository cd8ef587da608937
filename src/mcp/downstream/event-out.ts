import type { Head } from "../visit.ts";
import type { Reader, Readers } from "./readers.ts";

/** What a client that does not read may leave unread, in bytes; then its stream is closed. */
const mostUnread = 16 * 1024 * 1024;
/** Beyond this, what may be missed (progress, log messages) is left out. */
const manyUnread = 1024 * 1024;

const encoder = new TextEncoder();
const comment = encoder.encode(":\n\n");

type Options = {
  /** Told once, whichever side ended it. */
  onClose?: () => void;
  /** A comment goes out this often, since proxies and clients cut what is silent (reference/clients.md §6.1). */
  keepAliveMs?: number;
};

const unbuffered = new ByteLengthQueuingStrategy({ highWaterMark: 0 });

/** One event stream to a client (WHATWG HTML §9.2), its own source and its own reader: thousands are open at once, and hold little. */
export class EventOut implements Reader {
  readonly body: ReadableStream<Uint8Array>;
  readonly #readers: Readers;
  readonly #keepAliveMs: number;
  #onClose: (() => void) | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #saidAt = performance.now();
  #isOpen = true;

  constructor(readers: Readers, { onClose, keepAliveMs = 15_000 }: Options = {}) {
    this.#readers = readers;
    this.#keepAliveMs = keepAliveMs;
    this.#onClose = onClose;
    this.body = new ReadableStream<Uint8Array>(this, unbuffered);
    // The headers go out with the first byte: a client that waits for them must not wait for the first event.
    this.#write(comment);
    readers.enter(this);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  cancel(): void {
    this.#ended();
  }

  /** False when nobody is there any more. `event` is `message` when not given, `retry` how long to wait before coming back, in ms. */
  send(data: string, fields: { id?: string; event?: string; retry?: number } = {}): boolean {
    const lines = Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("");
    // A server may have written its JSON over several lines; within a string there can be none.
    const text = data.includes("\n") || data.includes("\r") ? data.replace(/\r\n|\r|\n/g, "\ndata: ") : data;
    return this.#write(encoder.encode(`${lines}data: ${text}\n\n`));
  }

  /** Closes it; the client is to come back after so long. */
  pause(retryMs: number): void {
    this.#write(encoder.encode(`retry: ${retryMs}\n\n`));
    this.close();
  }

  /** Whether the client is so far behind that what may be missed should be. */
  isBehind(): boolean {
    return this.unread() > manyUnread;
  }

  isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#controller?.close();
    this.#ended();
  }

  beat(): void {
    const now = performance.now();
    if (now - this.#saidAt < this.#keepAliveMs) return;
    this.#saidAt = now;
    this.#write(comment);
  }

  unread(): number {
    return -(this.#controller?.desiredSize ?? 0);
  }

  /** What it has not read it never will: closed in good order, that would be kept for it. */
  drop(): void {
    if (!this.#isOpen) return;
    this.#controller?.error(new Error("too much is unread"));
    this.#readers.dropped();
    this.#ended();
  }

  #ended(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#readers.leave(this);
    this.#onClose?.();
    this.#onClose = undefined;
  }

  #write(bytes: Uint8Array): boolean {
    if (!this.#isOpen) return false;
    if (this.unread() > mostUnread) {
      this.drop();
      return false;
    }
    this.#controller?.enqueue(bytes);
    return true;
  }
}

/** What HTTP says of each stream. */
export const streamHead: Head = {
  status: 200,
  headers: {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    // A proxy that gathers the stream before passing it on would make it a very late answer.
    "x-accel-buffering": "no",
  },
};
