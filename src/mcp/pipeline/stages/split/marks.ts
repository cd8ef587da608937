import { shareOfTurn } from "../../../../lib/share.ts";
import type { Span } from "../../../spans.ts";
import { partsOf } from "../breaks.ts";
import type { Bounds, Level, Piece } from "./level.ts";

/** Where a part begins. A part ends where one of the same or a lower level does. */
export type Mark = { at: number; level: number; title: string };

/** Reads a text line by line, each without its end, and tells of what begins there. Made afresh for each text. */
export type Finder = () => (line: string, at: number) => Mark | undefined;

/** A form of text that has parts. */
export type Form = {
  name: string;
  finder: Finder;
  /** Whether a text is of this form, by its first lines and the marks in them. */
  fits: (lines: readonly string[], marks: readonly Mark[]) => boolean;
};

/** What stands on longer lines is data. */
const longestLine = 500;

export async function marksIn(text: string, finder: Finder): Promise<Mark[]> {
  const find = finder();
  const marks: Mark[] = [];
  const spent = shareOfTurn();
  for (let at = 0, lines = 0; at < text.length; lines++) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const mark = find(text.slice(at, Math.min(end, at + longestLine)).trimEnd(), at);
    if (mark !== undefined) marks.push(mark);
    at = end + 1;
    if (lines % 64 === 63) await spent();
  }
  return marks;
}

/** A stretch of the text by the marks within it. Pure. */
export function levelOf(text: string, marks: readonly Mark[], bounds: Bounds, { start, end }: Span): Level | undefined {
  const render = (from: number, to: number) => text.slice(from, to);
  const inside = marks.filter(({ at }) => at > start && at < end);
  if (inside.length === 0) return byBreaks(text, bounds, { start, end });
  const top = inside.reduce((least, { level }) => Math.min(least, level), Number.POSITIVE_INFINITY);
  // Those at the very beginning head the first part, unless that is what is being parted.
  const heads = inside.filter(({ level }) => level === top);
  const own = marks.findLast(({ at }) => at === start);
  const first: Mark =
    own === undefined ? { at: start, level: top, title: firstLine(text, start, end) } : { ...own, at: start };
  const all = [first, ...heads];
  const pieces = all.map((mark, index): Piece => {
    const span = { start: mark.at, end: all[index + 1]?.at ?? end };
    return { ...span, title: () => mark.title, within: () => levelOf(text, marks, bounds, span) };
  });
  return { pieces, render, about: 0 };
}

/** Where nothing within it has a name. */
const byBreaks = (text: string, { max }: Bounds, span: Span): Level => ({
  pieces: partsOf(text, max, span).map((part) => ({ ...part, title: () => firstLine(text, part.start, part.end) })),
  render: (from, to) => text.slice(from, to),
  about: 0,
});

function firstLine(text: string, start: number, end: number): string {
  const beginning = text.slice(start, Math.min(end, start + longestLine)).trim();
  return beginning.split("\n", 1)[0]?.slice(0, 80) ?? "";
}
