import { Problem } from "../lib/problem.ts";
import { outputBounds } from "./output.ts";

/** What takes bytes for a server: it answers how many, and calls `drain` once it takes more. */
export type Taker = { write: (bytes: Uint8Array) => number; end: () => void };

/** So many characters of a text are encoded at once, each of which takes three bytes at most. */
const piece = 64 * 1024;
const encoder = new TextEncoder();
/** Used within one turn only, and by all. */
const scratch = new Uint8Array(4 * piece);

/**
 * What a server is sent, a text a line: all of one turn of the event loop in one go. A long text is encoded as it is taken, in memory that is there
 * already: for a whole one of its own each page would have to be fetched first.
 */
export function createInput(takerOf: () => Taker | undefined) {
  let texts: string[] = [];
  /** Of the first of them, what is encoded already. */
  let at = 0;
  /** Encoded, and not taken. */
  let rest: Uint8Array | undefined;
  let unsent = 0;
  let isPlanned = false;
  let isEnding = false;

  function write(): void {
    isPlanned = false;
    const taker = takerOf();
    if (taker === undefined) return;
    for (let bytes = rest ?? encoded(); bytes.length > 0; bytes = encoded()) {
      const taken = Math.max(0, taker.write(bytes));
      // What was encoded in this turn is overwritten in the next.
      rest = taken < bytes.length ? bytes.slice(taken) : undefined;
      if (rest !== undefined) return;
    }
    if (isEnding) taker.end();
  }

  /** As many of the lines that wait as fit in. */
  function encoded(): Uint8Array {
    let size = 0;
    let done = 0;
    for (; done < texts.length && size + 3 * piece < scratch.length; done++) {
      const text = texts[done] ?? "";
      const end = endOfPiece(text, at);
      size += encoder.encodeInto(text.slice(at, end), scratch.subarray(size)).written;
      unsent -= end - at;
      at = end;
      if (at < text.length) break;
      scratch[size++] = newline;
      at = 0;
    }
    texts = done === texts.length ? [] : texts.slice(done);
    return scratch.subarray(0, size);
  }

  return {
    /** @throws Problem `unavailable` when too much is unsent already */
    send(text: string): void {
      if (unsent > outputBounds.unsentBytes)
        throw new Problem("unavailable", "the server does not read what it is sent");
      unsent += text.length;
      texts.push(text);
      if (isPlanned || rest !== undefined) return;
      isPlanned = true;
      setImmediate(write);
    },
    /** More is taken now. */
    drain: write,
    /** Nothing more will be sent; what was is still delivered. */
    end(): void {
      isEnding = true;
      write();
    },
    /** There is nobody any more. */
    drop(): void {
      texts = [];
      rest = undefined;
    },
  };
}

const newline = 10;

/** A character of two halves is not parted. */
function endOfPiece(text: string, at: number): number {
  const end = at + piece;
  if (end >= text.length) return text.length;
  return isFirstHalf(text.charCodeAt(end - 1)) ? end - 1 : end;
}

const isFirstHalf = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
