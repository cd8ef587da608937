import { shareOfTurn } from "../../lib/share.ts";
import type { Readers } from "./readers.ts";

/** What is longer goes out piece by piece, as fast as it is read, so that it is known how much nobody reads; as one text it costs half as much. */
const longestWhole = 128 * 1024;
const longestPiece = 64 * 1024;

/** The body of an answer that stands alone. */
export function jsonBody(text: string, readers: Readers): string | ReadableStream<Uint8Array> {
  if (text.length <= longestWhole) return text;
  const encoder = new TextEncoder();
  const spent = shareOfTurn();
  let at = 0;
  let over = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
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
        const end = pieceEnd(text, at + longestPiece);
        controller.enqueue(encoder.encode(text.slice(at, end)));
        at = end;
        if (at < text.length) return spent();
        controller.close();
        over();
        return undefined;
      },
      cancel: () => over(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

/** Not between the two halves of one character: neither could be encoded. */
function pieceEnd(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}
