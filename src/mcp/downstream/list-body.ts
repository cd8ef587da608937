import { atOnce, fitsAtOnce, longestPiece } from "./at-once.ts";
import type { Readers } from "./readers.ts";

const encoder = new TextEncoder();

/** What stands before and after a long list, which is kept as bytes. */
export type ListAnswer = { before: string; list: Uint8Array; after: string };

/** A list that is short enough is copied onto the desk: each further send would cost more than that. */
export function listBody(answer: ListAnswer, readers: Readers): ReadableStream<Uint8Array> {
  const pieces = [answer.before, answer.list, answer.after];
  return fitsAtOnce(pieces) ? atOnce(pieces) : bitByBit(answer, readers);
}

/**
 * The body of an answer with a long list. Everybody is sent the same bytes: nothing is copied for who reads slowly, and what waits is counted.
 * A stream whose first piece is there when it begins takes Bun half the system calls of a body in one piece.
 */
function bitByBit({ before, list, after }: ListAnswer, readers: Readers): ReadableStream<Uint8Array> {
  let at = 0;
  let over = () => {};

  function next(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const end = at + longestPiece;
    controller.enqueue(list.subarray(at, end));
    at = end;
    if (at < list.length) return;
    controller.enqueue(encoder.encode(after));
    controller.close();
    over();
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(encoder.encode(before));
        next(controller);
        if (at >= list.length) return;
        over = readers.watch({
          beat: () => {},
          unread: () => list.length - at,
          drop() {
            controller.error(new Error("too much is unread"));
            readers.dropped();
            over();
          },
        });
      },
      pull: next,
      cancel: () => over(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}
