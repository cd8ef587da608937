import type { Head } from "../visit.ts";
import type { Readers } from "./readers.ts";

/** What a client that does not read may leave unread, in bytes; then its stream is closed. */
const mostUnread = 16 * 1024 * 1024;
/** Beyond this, what may be missed (progress, log messages) is left out. */
const manyUnread = 1024 * 1024;

const encoder = new TextEncoder();
const comment = encoder.encode(":\n\n");

/** One event stream to a client (WHATWG HTML §9.2). */
export type EventOut = ReturnType<typeof eventOut>;

type Options = {
  /** Told once, whichever side ended it. */
  onClose?: () => void;
  /** A comment goes out this often, since proxies and clients cut what is silent (reference/clients.md §6.1). */
  keepAliveMs?: number;
};

export function eventOut(readers: Readers, { onClose, keepAliveMs = 15_000 }: Options = {}) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isOpen = true;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      cancel: () => ended(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
  let over = () => {};

  function ended(): void {
    if (!isOpen) return;
    isOpen = false;
    over();
    onClose?.();
  }

  const unread = () => -(controller?.desiredSize ?? 0);

  function write(bytes: Uint8Array): boolean {
    if (!isOpen) return false;
    if (unread() > mostUnread) {
      drop();
      return false;
    }
    controller?.enqueue(bytes);
    return true;
  }

  /** What it has not read it never will: closed in good order, that would be kept for it. */
  function drop(): void {
    if (!isOpen) return;
    controller?.error(new Error("too much is unread"));
    readers.dropped();
    ended();
  }

  function close(): void {
    if (!isOpen) return;
    controller?.close();
    ended();
  }

  // The headers go out with the first byte: a client that waits for them must not wait for the first event.
  write(comment);
  over = readers.watch({ beat: everyBeat(keepAliveMs, () => write(comment)), unread, drop });

  return {
    body,
    /** False when nobody is there any more. `event` is `message` when not given, `retry` how long to wait before coming back, in ms. */
    send(data: string, fields: { id?: string; event?: string; retry?: number } = {}): boolean {
      const lines = Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join("");
      // A server may have written its JSON over several lines; within a string there can be none.
      const text = data.includes("\n") || data.includes("\r") ? data.replace(/\r\n|\r|\n/g, "\ndata: ") : data;
      return write(encoder.encode(`${lines}data: ${text}\n\n`));
    },
    /** Closes it; the client is to come back after so long. */
    pause(retryMs: number): void {
      write(encoder.encode(`retry: ${retryMs}\n\n`));
      close();
    },
    /** Whether the client is so far behind that what may be missed should be. */
    isBehind: () => unread() > manyUnread,
    isOpen: () => isOpen,
    close,
  };
}

/** Called once a second; calls in turn every so often. */
function everyBeat(everyMs: number, beat: () => void): () => void {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < everyMs) return;
    last = now;
    beat();
  };
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
