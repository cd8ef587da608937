/** Of something long: text as it is, or as UTF-8. */
export type Piece = string | Uint8Array;

export function textOf(pieces: readonly Piece[]): string {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : utf8.decode(piece, { stream: true });
  return text;
}

/** In bytes. */
export const sizeOf = (piece: Piece): number => (typeof piece === "string" ? Buffer.byteLength(piece) : piece.length);

/** Where a part of so many characters, or bytes, ends: a character of two halves is not parted, since each of them would be none. */
export function endOfPart(piece: Piece, start: number, most: number): number {
  const end = start + most;
  if (end >= piece.length) return piece.length;
  return typeof piece === "string" && isFirstHalf(piece.charCodeAt(end - 1)) ? end - 1 : end;
}

const isFirstHalf = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
