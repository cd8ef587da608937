import { once } from "../../../lib/once.ts";
import type { Span } from "../../spans.ts";
import { betweenCharacters } from "../json/string.ts";

/** Where a text is best parted, the best first; each is looked for in the second half of a part only. */
const natural: readonly ((text: string) => number)[] = [
  (text) => after(text, "\n\n"),
  (text) => after(text, "\n"),
  (text) => Math.max(after(text, ". "), after(text, "! "), after(text, "? "), after(text, "。")),
  (text) => after(text, " "),
];

const after = (text: string, mark: string): number => {
  const at = text.lastIndexOf(mark);
  return at < 0 ? 0 : at + mark.length;
};

/** The end of a part of at most `size` characters that begins at `from`: at a natural break, and never within a character. Pure. */
export function breakAfter(text: string, from: number, size: number, end = text.length): number {
  const limit = from + size;
  if (limit >= end) return end;
  const half = from + Math.ceil(size / 2);
  const window = text.slice(half, limit);
  for (const find of natural) {
    const at = find(window);
    if (at > 0) return half + at;
  }
  return Math.max(from + 1, withinNoCluster(text, from, limit));
}

/** A letter with its accents, a face with its colour, is one character to whoever reads it. */
const clusters = once(() => new Intl.Segmenter());
const near = 32;

function withinNoCluster(text: string, from: number, limit: number): number {
  const start = betweenCharacters(text, Math.max(from, limit - near));
  const cluster = clusters()
    .segment(text.slice(start, limit + near))
    .containing(limit - start);
  const at = cluster === undefined ? limit : start + cluster.index;
  return at > start ? at : betweenCharacters(text, limit);
}

/** A stretch of the text in parts of at most `size` characters; together they are all of it. Pure. */
export function partsOf(text: string, size: number, { start, end }: Span = { start: 0, end: text.length }): Span[] {
  const parts: Span[] = [];
  for (let at = start; at < end; ) {
    const to = breakAfter(text, at, size, end);
    parts.push({ start: at, end: to });
    at = to;
  }
  return parts;
}
