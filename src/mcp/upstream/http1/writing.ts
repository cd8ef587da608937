import type { Piece } from "../../bones.ts";

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
      const to = from + most < piece.length ? from + most - (isWithinPair(piece, from + most) ? 1 : 0) : piece.length;
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

/** A character of two units cut in the middle would be two that are none. */
function isWithinPair(piece: Piece, at: number): boolean {
  if (typeof piece !== "string") return false;
  const code = piece.charCodeAt(at - 1);
  return code >= 0xd800 && code < 0xdc00;
}
