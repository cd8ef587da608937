import { shareOfTurn } from "../../lib/share.ts";
import type { Readers } from "./readers.ts";

/** Bun sends a longer text with a system call for every few KiB of it; a stream whose beginning is there when it begins it sends with one. */
const longestText = 16 * 1024;
/** What is longer goes out piece by piece, as fast as it is read, so that it is known how much nobody reads. */
const longestPiece = 128 * 1024;
const encoder = new TextEncoder();

/** The body of an answer that stands alone. */
export function jsonBody(text: string, readers: Readers): string | ReadableStream<Uint8Array> {
  if (text.length <= longestText) return text;
  const spent = shareOfTurn();
  let at = 0;
  let over = () => {};

  function next(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const end = pieceEnd(text, at + longestPiece);
    controller.enqueue(encoder.encode(text.slice(at, end)));
    at = end;
    if (at < text.length) return;
    controller.close();
    over();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        next(controller);
        if (at >= text.length) return;
        over = readers.watch({
          beat: () => {},
          unread: () => text.length - at,
          drop() {
            controller.error(new Error("too much is unread"));
            readers.dropped();
            over();
          },
        });
      },
      pull(controller) {
        next(controller);
        return at < text.length ? spent() : undefined;
      },
      cancel: () => over(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

/** Not between the two halves of one character: neither could be encoded. */
function pieceEnd(text: string, at: number): number {
  // A text that was put together is not looked into, which would copy it.
  if (at >= text.length) return text.length;
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
