/**
 * Lines as they come, until the reader goes, the server stops or the source ends it. A reader who does not keep up loses lines rather than
 * filling our memory.
 */
export function followed(
  first: string,
  until: AbortSignal,
  subscribe: (line: (text: string) => void, end: () => void) => () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let stop = () => {};
  return new ReadableStream(
    {
      start(controller) {
        if (first !== "") controller.enqueue(encoder.encode(first));
        const end = () => {
          stop();
          controller.close();
        };
        const unsubscribe = subscribe((line) => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(`${line}\n`));
        }, end);
        stop = () => {
          unsubscribe();
          until.removeEventListener("abort", end);
        };
        until.addEventListener("abort", end, { once: true });
      },
      cancel: () => stop(),
    },
    new CountQueuingStrategy({ highWaterMark: 1_000 }),
  );
}
