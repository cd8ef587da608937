import { type Clock, systemClock } from "../lib/clock.ts";
import { printable } from "../lib/printable.ts";

/** One line that a server wrote, when it came, and which of its runs wrote it, counted from 1. */
export type LogLine = { at: number; run: number; text: string };
/** What a follower hears: a line, or (without text) that another run begins. */
export type LogEvent = { at: number; run: number; text?: string };

/** Which lines: the last `tail`, none that came before `since`, only those of the run before the present one. */
export type LogQuery = { tail?: number | undefined; since?: number | undefined; previous?: boolean | undefined };

/** Takes out what must not be kept, and answers at most so many characters. */
export type Blot = (text: string, most: number) => string;

/** What a run writes to. `since` answers lines after a mark of `total`, as far as they are kept. */
export type LogRing = {
  add: (line: string) => void;
  tail: (count: number) => string[];
  total: () => number;
  since: (mark: number, count: number) => string[];
  lines: (query?: LogQuery) => LogLine[];
  /** How many runs there have been. */
  runs: () => number;
  /**
   * Another run begins. What is added to the answer is of this run for as long as its process lives, also when the next one has begun; `total` and
   * `since` of the answer are about this run alone. `blot` takes out what must not be kept.
   */
  begin: (blot?: Blot) => LogRing;
  /** What is written beside the present run, such as by a process for one caller alone: it begins none. */
  beside: (blot: Blot) => LogRing;
  follow: (listener: (event: LogEvent) => void) => () => void;
};

const mostLines = 1_000;
const mostCharacters = 256 * 1024;
const longestLine = 4 * 1024;

/**
 * The last lines of one place of a server, within bounds whatever is written. It outlives the instances that stand there one after the other.
 * Nothing in a line steers a terminal.
 */
export function logRing(clock: Clock = systemClock): LogRing {
  const lines: LogLine[] = [];
  let characters = 0;
  let runs = 0;
  let all = 0;
  const followers = new Set<(event: LogEvent) => void>();
  const tell = (event: LogEvent) => {
    for (const follower of followers) follower(event);
  };

  function keep(text: string, run: number): void {
    const line = { at: clock.now(), run, text };
    all++;
    lines.push(line);
    characters += text.length;
    while (lines.length > mostLines || characters > mostCharacters) characters -= lines.shift()?.text.length ?? 0;
    tell(line);
  }

  /** The ring as one run sees it, or as a whole. */
  function view(blot: Blot, own?: number): LogRing {
    let written = 0;
    const total = () => (own === undefined ? all : written);
    return {
      add(line) {
        written++;
        keep(printable(blot(line, longestLine)), own ?? runs);
      },
      total,
      since(mark, count) {
        const wanted = own === undefined ? lines : lines.filter(({ run }) => run === own);
        return last(wanted, Math.min(count, total() - mark)).map(({ text }) => text);
      },
      tail: (count) => last(lines, count).map(({ text }) => text),
      lines: ({ tail = mostLines, since = 0, previous = false } = {}) =>
        last(
          lines.filter(({ at, run }) => at >= since && (!previous || run === runs - 1)),
          tail,
        ),
      runs: () => runs,
      begin(itsBlot = cut) {
        const run = ++runs;
        tell({ at: clock.now(), run });
        return view(itsBlot, run);
      },
      beside: (itsBlot) => view(itsBlot),
      follow(listener) {
        followers.add(listener);
        return () => followers.delete(listener);
      },
    };
  }

  return view(cut);
}

const last = <T>(items: readonly T[], count: number): T[] => (count === 0 ? [] : items.slice(-count));
const cut: Blot = (text, most) => text.slice(0, most);
