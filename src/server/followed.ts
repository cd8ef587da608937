/** So many characters may wait for a reader who is slower than what is written. */
const mostWaiting = 256 * 1024;

/**
 * Lines as they come, until the reader goes, the server stops or the source ends it. A reader who does not keep up is told how many lines it
 * missed, rather than filling our memory.
 */
export function followed(
  first: string,
  until: AbortSignal,
  subscribe: (line: (text: string) => void, end: () => void) => () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let waiting = first;
  let dropped = 0;
  let hasEnded = until.aborted;
  let isRead = true;
  let wake = () => {};
  const end = () => {
    hasEnded = true;
    wake();
  };
  const line = (text: string) => {
    if (waiting.length + text.length > mostWaiting) dropped++;
    else {
      if (dropped > 0) waiting += missed(dropped);
      dropped = 0;
      waiting += `${text}\n`;
    }
    wake();
  };
  // It may refuse; then there is no stream.
  const unsubscribe = subscribe(line, end);
  const stop = () => {
    unsubscribe();
    until.removeEventListener("abort", end);
  };
  until.addEventListener("abort", end, { once: true });

  return new ReadableStream({
    // Only what is pulled is held back by a reader who does not read.
    async pull(controller) {
      while (waiting === "" && dropped === 0 && !hasEnded) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (!isRead) return;
      const text = dropped > 0 ? `${waiting}${missed(dropped)}` : waiting;
      waiting = "";
      dropped = 0;
      if (text !== "") controller.enqueue(encoder.encode(text));
      if (!hasEnded) return;
      stop();
      controller.close();
    },
    cancel() {
      isRead = false;
      stop();
      end();
    },
  });
}

const missed = (count: number) => `--- ${count} lines were dropped: they came faster than they were read ---\n`;
