import { shareOfTurn } from "../../lib/share.ts";
import { atOnce, type Controller, fitsAtOnce, longestPiece, type Source, streamOf } from "./at-once.ts";
import type { Reader, Readers } from "./readers.ts";

/** Bun sends a longer text with a system call for every few KiB of it; a stream that is whole when it begins takes one. */
export const longestText = 16 * 1024;
/** The body of an answer that stands alone. */
export function jsonBody(answer: string | readonly string[], readers: Readers): string | ReadableStream<Uint8Array> {
  if (typeof answer === "string" && answer.length <= longestText) return answer;
  const pieces = typeof answer === "string" ? [answer] : answer;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length <= longestText) return pieces.join("");
  return fitsAtOnce(pieces) ? atOnce(pieces) : streamOf(new BitByBit(pieces, length, readers));
}

/** Goes on when the system has taken what was written before, and others had their turn. */
class BitByBit implements Source, Reader {
  readonly type = "direct";
  readonly #pieces: readonly string[];
  readonly #readers: Readers;
  #unread: number;
  #isDropped = false;
  #wake: (() => void) | undefined;

  constructor(pieces: readonly string[], length: number, readers: Readers) {
    this.#pieces = pieces;
    this.#unread = length;
    this.#readers = readers;
  }

  async pull(controller: Controller): Promise<void> {
    this.#readers.enter(this);
    try {
      if (await this.#writeAll(controller)) controller.end();
    } finally {
      this.#readers.leave(this);
    }
  }

  /** False when nobody is there any more. @throws when it is let go of, so that the connection breaks off */
  async #writeAll(controller: Controller): Promise<boolean> {
    const spent = shareOfTurn();
    for (const piece of this.#pieces)
      for (let at = 0; at < piece.length; ) {
        const end = bitEnd(piece, at + longestPiece);
        const written: unknown = controller.write(piece.slice(at, end));
        if (written instanceof Promise) await this.#whenTaken(written);
        else if (written === 0) return false;
        // Bun would write an error with a name to our own output.
        if (this.#isDropped) throw undefined;
        this.#unread -= end - at;
        at = end;
        const turn = spent();
        if (turn !== undefined) await turn;
      }
    return true;
  }

  /** Or when it is let go of. */
  #whenTaken(written: Promise<unknown>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    written.then(
      () => resolve(),
      () => resolve(),
    );
    return promise;
  }

  beat(): void {}

  unread(): number {
    return this.#unread;
  }

  drop(): void {
    this.#readers.dropped();
    this.#readers.leave(this);
    this.#isDropped = true;
    this.#wake?.();
  }
}

/** Not between the two halves of one character: neither could be encoded. */
function bitEnd(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
