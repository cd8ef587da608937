import { oneLine } from "../../lib/cut.ts";
import { printable } from "../../lib/printable.ts";

/** A text in brief: a sentence for the whole, and one for each of its parts. */
export type Brief = { summary: string; chapters: readonly { title: string; summary: string }[] };
/** One part of a text as it is written. */
export type Part = { title: string; body: string };

const mostChapters = 100;
const longestTitle = 200;
const longestSummary = 300;
/** Of a paragraph, how much is looked at for the end of its first sentence. */
const longestLook = 1_000;

/** Pure: what a text's own form says of it. Reads each line once, whatever they are. */
export function structureOf(text: string): Brief {
  const { opening, parts } = partsOf(text);
  const [first] = parts;
  return {
    summary: firstSentence(opening.body) || opening.title || (first === undefined ? "" : firstSentence(first.body)),
    chapters: parts.map(({ title, body }) => ({ title, summary: firstSentence(body) })),
  };
}

/**
 * Pure: what stands under markdown headings, of the highest level that has several of them, so that a title over the whole makes no chapter of it;
 * and what stands before. A part has what is under it too.
 */
export function partsOf(text: string): { opening: Part; parts: readonly Part[] } {
  const lines = linesOf(text);
  const headings = headingsIn(lines);
  const level = chapterLevel(headings.map((heading) => heading.level));
  const chapters = headings.filter((heading) => heading.level === level).slice(0, mostChapters);
  const bodyOf = (from: number, to = lines.length) => lines.slice(from, to).join("\n");
  const start = chapters[0]?.line ?? lines.length;
  const above = headings.filter(({ line }) => line < start);
  return {
    opening: { title: above[0]?.title ?? "", body: bodyOf(0, start) },
    parts: chapters.map(({ title, line }, index) => ({
      title,
      body: bodyOf(line + 1, endOf(headings, line, chapters[index + 1]?.line)),
    })),
  };
}

type Heading = { level: number; title: string; line: number };

/** A heading of a higher level ends a part as well. */
function endOf(headings: readonly Heading[], line: number, next: number | undefined): number | undefined {
  const own = headings.findIndex((heading) => heading.line === line);
  const level = headings[own]?.level ?? 0;
  for (let i = own + 1; i < headings.length && headings[i]?.line !== next; i++)
    if ((headings[i]?.level ?? 0) < level) return headings[i]?.line;
  return next;
}

const fence = /^ {0,3}(```|~~~)/;
const heading = /^ {0,3}(#{1,6})[ \t]+(.*)$/;

/** Headings outside of code, where a `#` begins a comment. */
function headingsIn(lines: readonly string[]): Heading[] {
  const found: Heading[] = [];
  let open: string | undefined;
  lines.forEach((line, index) => {
    const mark = fence.exec(line)?.[1];
    if (mark !== undefined && (open === undefined || open === mark)) open = open === undefined ? mark : undefined;
    if (open !== undefined) return;
    const [, marks, title = ""] = heading.exec(line) ?? [];
    const shown = clean(title.replace(/\s#+\s*$/, ""), longestTitle);
    if (marks !== undefined && shown !== "") found.push({ level: marks.length, title: shown, line: index });
  });
  return found;
}

function chapterLevel(levels: readonly number[]): number | undefined {
  const present = [...new Set(levels)].sort((a, b) => a - b);
  return present.find((level) => levels.filter((one) => one === level).length > 1) ?? present[0];
}

/** Without the lines at its top that are about the file and not of it. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  const end = lines[0] === "---" ? lines.indexOf("---", 1) : -1;
  return end > 0 ? lines.slice(end + 1) : lines;
}

/** The first sentence of the first paragraph of prose, or of a list where there is none. */
function firstSentence(body: string): string {
  const words: string[] = [];
  let length = 0;
  let isCode = false;
  for (const line of body.split("\n")) {
    if (fence.test(line)) isCode = !isCode;
    else if (isCode || /^\s*(#{1,6}\s|<!--|\||[-=*_]{3,}\s*$)/.test(line)) continue;
    else if (line.trim() !== "") words.push(line.slice(0, longestLook).replace(/^\s*(?:[-*+>]|\d+[.)])\s+/, ""));
    else if (words.length > 0) break;
    length += line.length;
    if (words.length > 0 && length > longestLook) break;
  }
  const paragraph = words.join(" ").slice(0, longestLook);
  return clean(/^.{12,}?[.!?。！？](?=\s|$)/su.exec(paragraph)?.[0] ?? paragraph, longestSummary);
}

/** One line of words, without the marks of markdown, that no terminal and no list is harmed by. */
export function clean(text: string, most: number): string {
  const words = printable(text.slice(0, 4 * most))
    .replace(/!?\[([^[\]]{0,200})\]\([^()]{0,2000}\)/g, "$1")
    .replace(/\*\*|__|`/g, "");
  return oneLine(words, most);
}
