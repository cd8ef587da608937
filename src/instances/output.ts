import { lineCutter } from "../lib/lines.ts";
import { ShareOfTime } from "../lib/share.ts";
import { bytesInWords, setByServer } from "../resources/limits.ts";
import type { LogRing } from "./log-ring.ts";

export const outputBounds = {
  errorLine: 64 * 1024,
  unsentBytes: 32 * 1024 * 1024,
} as const;
/** How many of its last lines are told when a server has ended. */
export const shownLines = 20;

type Bytes = AsyncIterable<Uint8Array>;

/** What a server says on its standard output: a message for each line that looks like one, and log lines for words of its own. */
export function serverOutput(log: Pick<LogRing, "add">) {
  /** Another one whenever it changes, as it may while they are told. */
  let listeners: readonly ((text: string) => unknown)[] = [];

  function deliver(line: string): Promise<void> | undefined {
    // Some servers print words of their own; only JSON objects are messages.
    if (line.charCodeAt(0) !== 0x7b) return logged(line);
    let reading: Promise<void> | undefined;
    for (const listener of listeners) {
      const told = listener(line);
      if (told instanceof Promise) reading = after(reading, told);
    }
    return reading;
  }
  const after = async (reading: Promise<void> | undefined, told: Promise<unknown>): Promise<void> => {
    await reading;
    await told;
  };
  function logged(line: string): undefined {
    if (line.trim() !== "") log.add(`[stdout] ${line}`);
  }

  return {
    onMessage(listener: (text: string) => unknown): () => void {
      listeners = [...listeners, listener];
      return () => {
        listeners = listeners.filter((each) => each !== listener);
      };
    },
    /** Until it ends or breaks; never rejects. */
    read: (bytes: Bytes, lineBytes: number, onTooLong: () => void): Promise<void> =>
      readLines(bytes, lineBytes, deliver, onTooLong),
    /** Of a server that is not spoken to this way: all of it is words of its own. */
    readAsLog: (bytes: Bytes): Promise<void> => readLines(bytes, outputBounds.errorLine, logged, () => {}),
  };
}

export const tooLong = (bytes: number): string =>
  `it wrote a line of over ${bytesInWords(bytes)}; ${setByServer("lineBytes")}`;

/** Reads lines, within a share of each turn of the event loop: one server that chatters at full speed starves nobody. */
async function readLines(
  bytes: Bytes,
  lineBytes: number,
  onLine: (line: string) => Promise<void> | undefined,
  onTooLong: () => void,
): Promise<void> {
  const waiting: string[] = [];
  const cut = lineCutter(lineBytes, (line) => waiting.push(line), onTooLong);
  const share = new ShareOfTime();
  try {
    for await (const chunk of bytes) {
      const rest = share.began();
      if (rest !== undefined) await rest;
      cut(chunk);
      const pause = share.spent();
      if (pause !== undefined) await pause;
      for (const line of waiting) {
        const reading = onLine(line);
        if (reading !== undefined) {
          await reading;
          // Who waited has done nothing meanwhile.
          await share.began();
        }
        const turn = share.spent();
        if (turn !== undefined) await turn;
      }
      waiting.length = 0;
    }
  } catch {
    // The pipe broke: the server is going, and `closed` says so.
  }
}
