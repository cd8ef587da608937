import type { Readers } from "./readers.ts";

/** What is longer goes out piece by piece, as fast as it is read, so that it is known how much nobody reads. */
const longestPiece = 64 * 1024;

/** The body of an answer that stands alone. */
export function jsonBody(text: string, readers: Readers): string | ReadableStream<Uint8Array> {
  if (text.length <= longestPiece) return text;
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  let over = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        over = readers.watch({
          beat: () => {},
          unread: () => bytes.length - at,
          drop() {
            controller.error(new Error("too much is unread"));
            readers.dropped();
            over();
          },
        });
      },
      pull(controller) {
        controller.enqueue(bytes.subarray(at, at + longestPiece));
        at += longestPiece;
        if (at < bytes.length) return;
        controller.close();
        over();
      },
      cancel: () => over(),
    },
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}
