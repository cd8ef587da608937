/** What is longer goes out piece by piece, as fast as it is read, so that it is known how much nobody reads. */
export const longestPiece = 128 * 1024;
/** No character of a text takes more. */
const mostBytes = 3;
const deskBytes = mostBytes * longestPiece;
const encoder = new TextEncoder();
let desk: Uint8Array | undefined;

type Piece = string | Uint8Array;

/** Whether these are short enough to go out in one piece. */
export function fitsAtOnce(pieces: readonly Piece[]): boolean {
  let bytes = 0;
  for (const piece of pieces) bytes += typeof piece === "string" ? mostBytes * piece.length : piece.length;
  return bytes <= deskBytes;
}

/** All are written on the same desk: what the system does not take at once Bun copies. */
export function atOnce(pieces: readonly Piece[]): ReadableStream<Uint8Array> {
  const source: Bun.DirectUnderlyingSource<Uint8Array> = {
    type: "direct",
    pull(controller) {
      desk ??= new Uint8Array(deskBytes);
      let at = 0;
      for (const piece of pieces) at += written(piece, desk, at);
      controller.write(desk.subarray(0, at));
      controller.end();
    },
  };
  // A kind of source that Bun has and the web has not.
  return new ReadableStream(source as unknown as UnderlyingDefaultSource<Uint8Array>);
}

function written(piece: Piece, at: Uint8Array, from: number): number {
  if (typeof piece === "string") return encoder.encodeInto(piece, at.subarray(from)).written;
  at.set(piece, from);
  return piece.length;
}
