import type { Span } from "../../../spans.ts";

/** Finds what begins between two places of a text; it may look, and end, beyond. Whatever the text, it takes a time in proportion to it. */
export type Finder = (text: string, from: number, to: number) => Span[];

/** What is looked at before and behind: no shape needs more, and longer than this is nothing that has one. */
const before = 64;
export const behind = 16 * 1024;

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

/** In order, none overlapping another. Pure. */
export function joined(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    if (last !== undefined && span.start < last.end)
      all[all.length - 1] = { ...last, end: Math.max(last.end, span.end) };
    else all.push(span);
  }
  return all;
}
