import { shareOfTurn } from "../../lib/share.ts";
import { atOnce, fitsAtOnce, longestPiece } from "./at-once.ts";
import type { Readers } from "./readers.ts";

/** Bun sends a longer text with a system call for every few KiB of it; a stream that is whole when it begins takes two. */
export const longestText = 16 * 1024;
const encoder = new TextEncoder();

/** The body of an answer that stands alone. */
export function jsonBody(answer: string | readonly string[], readers: Readers): string | ReadableStream<Uint8Array> {
  if (typeof answer === "string" && answer.length <= longestText) return answer;
  const pieces = typeof answer === "string" ? [answer] : answer;
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (length <= longestText) return pieces.join("");
  return fitsAtOnce(pieces) ? atOnce(pieces) : bitByBit(pieces, length, readers);
}

function bitByBit(pieces: readonly string[], length: number, readers: Readers): ReadableStream<Uint8Array> {
  const spent = shareOfTurn();
  let unread = length;
  let n = 0;
  let at = 0;
  let over = () => {};

  function next(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const piece = pieces[n] ?? "";
    const end = bitEnd(piece, at + longestPiece);
    controller.enqueue(encoder.encode(piece.slice(at, end)));
    unread -= end - at;
    at = end < piece.length ? end : 0;
    if (at === 0) n++;
    if (n < pieces.length) return;
    controller.close();
    over();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        over = readers.watch({
          beat: () => {},
          unread: () => unread,
          drop() {
            controller.error(new Error("too much is unread"));
            readers.dropped();
            over();
          },
        });
      },
      pull(controller) {
        next(controller);
        return n < pieces.length ? spent() : undefined;
      },
      cancel: () => over(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

/** Not between the two halves of one character: neither could be encoded. */
function bitEnd(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
