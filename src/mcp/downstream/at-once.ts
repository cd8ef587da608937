/** What is longer goes out piece by piece, as fast as it is read, so that it is known how much nobody reads. */
export const longestPiece = 128 * 1024;
/** No character of a text takes more. */
const mostBytes = 3;
const longest = mostBytes * longestPiece;

type Piece = string | Uint8Array;

/** A kind of source that Bun has and the web has not. */
export type Source = Bun.DirectUnderlyingSource<Uint8Array>;
export type Controller = Parameters<Source["pull"]>[0];
export const streamOf = (source: Source, strategy?: QueuingStrategy<Uint8Array>): ReadableStream<Uint8Array> =>
  new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>, strategy);

/** Whether these are short enough to go out in one piece. */
export function fitsAtOnce(pieces: readonly Piece[]): boolean {
  let bytes = 0;
  for (const piece of pieces) bytes += typeof piece === "string" ? mostBytes * piece.length : piece.length;
  return bytes <= longest;
}

/** What is written until the mark is held back, and goes out as one with its length when it ends. */
const mark = { highWaterMark: longest + 1 };

export const atOnce = (pieces: readonly Piece[]): ReadableStream<Uint8Array> => streamOf(new AtOnce(pieces), mark);

class AtOnce implements Source {
  readonly type = "direct";
  readonly #pieces: readonly Piece[];

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  pull(controller: Controller): void {
    for (const piece of this.#pieces) controller.write(piece);
    controller.end();
  }
}
