import { endOfPart, type Piece } from "../../../lib/pieces.ts";

/** Characters, or bytes, that are given to the system at once. */
const most = 128 * 1024;

/** A long request while it is written: in pieces of its own size, since nothing takes megabytes at once. */
export class Writing {
  readonly #pieces: readonly Piece[];
  #next = 0;
  #from = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** What comes next; undefined once that was all. */
  next(): Buffer | undefined {
    for (;;) {
      const piece = this.#pieces[this.#next];
      if (piece === undefined) return undefined;
      const from = this.#from;
      const to = endOfPart(piece, from, most);
      this.#from = to;
      if (to === piece.length) {
        this.#next++;
        this.#from = 0;
      }
      if (to > from) return bytesOf(piece, from, to);
    }
  }
}

const bytesOf = (piece: Piece, from: number, to: number): Buffer =>
  typeof piece === "string"
    ? Buffer.from(piece.slice(from, to))
    : Buffer.from(piece.buffer, piece.byteOffset + from, to - from);
