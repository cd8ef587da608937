import type { Span } from "../../../spans.ts";

/** Finds what begins between two places of a text; it may look, and end, beyond. Whatever the text, it takes a time in proportion to it. */
export type Finder = (text: string, from: number, to: number) => Span[];

/** What is looked at before and behind: no shape needs more, and longer than this is nothing that has one. */
const before = 64;
const behind = 4 * 1024;

/** Whether a match is meant, and what of it. Undefined: look on, from one place further. */
type Judge = (match: RegExpExecArray) => Span | undefined;

/** A shape's groups stand before what is hidden. */
const restOf: Judge = (match) => ({
  start: match.index + match.slice(1).join("").length,
  end: match.index + match[0].length,
});

/** By a regular expression, every run of which is bounded. */
export function byShape(shape: RegExp, judge: Judge = restOf, ahead = behind): Finder {
  return (text, from, to) => {
    const start = Math.max(0, from - before);
    const stop = Math.min(text.length, to + ahead);
    const window = text.slice(start, stop);
    const found: Span[] = [];
    shape.lastIndex = from - start;
    for (let match = shape.exec(window); match !== null && match.index + start < to; match = shape.exec(window)) {
      const span = judge(match);
      if (span === undefined) shape.lastIndex = match.index + 1;
      else found.push({ start: span.start + start, end: endOf(text, span.end + start, stop) });
    }
    return found;
  };
}

/** What goes on where the window ends goes on to the end of the word. */
function endOf(text: string, end: number, stop: number): number {
  let at = end;
  if (at === stop) while (at < text.length && !/[\s"'<>]/.test(text[at] ?? " ")) at++;
  return at;
}

/** Spans in their order, none overlapping another; new ones come in about that order. */
export function spanList() {
  const all: Span[] = [];
  return {
    all: all as readonly Span[],
    add(span: Span): void {
      let { start, end } = span;
      for (let last = all.at(-1); last !== undefined && last.end > start; last = all.at(-1)) {
        start = Math.min(start, last.start);
        end = Math.max(end, last.end);
        all.pop();
      }
      all.push({ start, end });
    },
  };
}
