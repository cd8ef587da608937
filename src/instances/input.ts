import { endOfPart, type Piece } from "../lib/pieces.ts";
import { Problem } from "../lib/problem.ts";
import type { Message } from "./channel.ts";
import { outputBounds } from "./output.ts";

/** What takes bytes for a server: it answers how many, and calls `drain` once it takes more. */
export type Taker = { write: (bytes: Uint8Array) => number; end: () => void };

/** So many characters of a text are encoded at once, each of which takes three bytes at most. */
const most = 64 * 1024;
const encoder = new TextEncoder();
/** Used within one turn only, and by all. */
const scratch = new Uint8Array(4 * most);

/**
 * What a server is sent, a message a line: all of one turn of the event loop in one go. A long text is encoded as it is taken, in memory that is there
 * already: for a whole one of its own each page would have to be fetched first.
 */
export function createInput(takerOf: () => Taker | undefined) {
  let pieces: Piece[] = [];
  /** Of the first of them, what is encoded already. */
  let at = 0;
  /** Encoded, and not taken. */
  let rest: Uint8Array | undefined;
  let unsent = 0;
  let isPlanned = false;
  let isEnding = false;
  let isDropped = false;

  function write(): void {
    isPlanned = false;
    const taker = takerOf();
    if (taker === undefined) return;
    for (let bytes = rest ?? encoded(); bytes.length > 0; bytes = encoded()) {
      const taken = Math.max(0, taker.write(bytes));
      if (isDropped) return;
      // What was encoded in this turn is overwritten in the next.
      rest = taken < bytes.length ? bytes.slice(taken) : undefined;
      if (rest !== undefined) return;
    }
    if (isEnding) taker.end();
  }

  /** As much of what waits as fits in. */
  function encoded(): Uint8Array {
    let size = 0;
    let done = 0;
    for (; done < pieces.length && size + 3 * most < scratch.length; done++) {
      const piece = pieces[done] ?? "";
      const end = endOfPart(piece, at, most);
      size += put(piece, at, end, size);
      unsent -= end - at;
      at = end;
      if (at < piece.length) break;
      at = 0;
    }
    pieces = done === pieces.length ? [] : pieces.slice(done);
    return scratch.subarray(0, size);
  }

  function add(piece: Piece): void {
    unsent += piece.length;
    pieces.push(piece);
  }

  return {
    /** @throws Problem `unavailable` when too much is unsent already, or nobody is there */
    send(message: Message): void {
      if (isDropped) throw new Problem("unavailable", "the server's standard input is closed");
      if (unsent > outputBounds.unsentBytes)
        throw new Problem("unavailable", "the server does not read what it is sent");
      if (typeof message === "string") add(message);
      else for (const piece of message) add(piece);
      add("\n");
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
    /** There is nobody any more: of what was sent nothing more is written, and nothing else ever. */
    drop(): void {
      isDropped = true;
      pieces = [];
      at = 0;
      rest = undefined;
      unsent = 0;
    },
  };
}

/** Answers how many bytes that took. */
function put(piece: Piece, from: number, to: number, at: number): number {
  if (typeof piece === "string") return encoder.encodeInto(piece.slice(from, to), scratch.subarray(at)).written;
  scratch.set(piece.subarray(from, to), at);
  return to - from;
}
