import { lineCutter } from "../lib/lines.ts";
import { sleep } from "../lib/wait.ts";

/** What is kept of one process's words in a second, and how long it waits when it says more (reference/reliability.md §6). */
const most = { lines: 200, bytes: 1024 * 1024, lineBytes: 64 * 1024, pauseMs: 25 } as const;
const windowMs = 1_000;
const newline = 10;

/** Keeps at most so many lines a second of what one process says besides messages; of the rest it tells how many there were. */

export function boundedWords(keep: (line: string) => void) {
  let kept = 0;
  let bytes = 0;
  let leftOut = 0;
  let window: ReturnType<typeof setTimeout> | undefined;

  const isSpent = () => kept >= most.lines || bytes >= most.bytes;

  function add(line: string): void {
    begin();
    if (isSpent()) leftOut++;
    else keep(line);
    kept++;
  }

  function begin(): void {
    window ??= setTimeout(end, windowMs).unref();
  }

  /** The second is over, or the process is. */
  function end(): void {
    clearTimeout(window);
    window = undefined;
    if (leftOut > 0) keep(`[mcpctl] ${leftOut.toLocaleString("en")} ${leftOut === 1 ? "line" : "lines"} left out`);
    kept = bytes = leftOut = 0;
  }

  /**
   * Reads standard error until it ends; never rejects. It is always read, or the server would hang (reference/reliability.md §0, 6); but what is
   * left out is only counted, and a process that says more than is kept is read no faster than some megabytes a second.
   */
  async function drain(stream: AsyncIterable<Uint8Array>): Promise<void> {
    const cutter = () => lineCutter(most.lineBytes, add, () => leftOut++);
    let cut = cutter();
    let isMidLine = false;
    let isSkipping = false;
    try {
      for await (const chunk of stream) {
        begin();
        if (isSpent()) {
          leftOut += newlinesIn(chunk);
          isSkipping = chunk.at(-1) !== newline;
          isMidLine = false;
          cut = cutter();
          await sleep(most.pauseMs);
          continue;
        }
        bytes += chunk.length;
        // What is left of a line whose beginning was left out is none.
        const start: number = isSkipping ? chunk.indexOf(newline) + 1 : 0;
        if (isSkipping && start === 0) continue;
        isSkipping = false;
        cut(chunk.subarray(start));
        isMidLine = chunk.at(-1) !== newline;
      }
    } catch {
      // The pipe broke: the process is going, and `closed` says so.
    }
    // Last words often come without an end of line.
    if (isMidLine && !isSkipping) cut(new Uint8Array([newline]));
  }

  return { add, end, drain };
}

function newlinesIn(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) count++;
  return count;
}
