import { makeReady } from "../../../lib/memory.ts";
import { shareOfTurn } from "../../../lib/share.ts";
import type { Span } from "../../spans.ts";

/** Megabytes at once would hold everybody else. */
const piece = 64 * 1024;
/** Of so much, what is made of it is joined into memory that was made ready. */
const long = 1024 * 1024;

/** What a string of JSON cannot hold as it is, and the beginning of an escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant.
export const doubtful = /[\u0000-\u001f\\]/;

/** What the JSON string at this place says. @throws SyntaxError when it is none */
export async function decoded(text: string, { start, end }: Span): Promise<string> {
  if (end - start <= piece) return read(text.slice(start + 1, end - 1));
  const parts: string[] = [];
  const spent = shareOfTurn();
  const last = end - 1;
  for (let at = start + 1; at < last; ) {
    const to = at + piece >= last ? last : outsideEscape(text, at, at + piece);
    parts.push(read(text.slice(at, to)));
    at = to;
    await spent();
  }
  if (last - start > long) await makeReady(last - start);
  return parts.join("");
}

const short = 1024;
let bytes: Buffer | undefined;

/** What each escape of one letter says; zero for what is none. */
const says = new Uint8Array(256);
for (const [letter, said] of ['""', "\\\\", "//", "n\n", "t\t", "r\r", "b\b", "f\f"].map((pair) => Buffer.from(pair)))
  says[letter as number] = said as number;

/**
 * At most one piece, without its quotes. JSON.parse makes several copies of a long one with escapes, and memory that is touched for the first time
 * costs more than the reading; so its bytes are gone through in one place. Whatever is unusual in it is JSON.parse's all the same.
 */
function read(inner: string): string {
  if (!doubtful.test(inner)) return inner;
  const said = inner.length > short && inner.isWellFormed() ? unescaped(inner) : undefined;
  return said ?? (JSON.parse(`"${inner}"`) as string);
}

function unescaped(inner: string): string | undefined {
  bytes ??= Buffer.allocUnsafe(3 * piece);
  const length = bytes.write(inner);
  let end = 0;
  for (let at = 0; at < length; at++) {
    let byte = bytes[at] as number;
    if (byte < 0x20 || byte === quote) return undefined;
    if (byte === backslash) {
      byte = at + 1 < length ? (says[bytes[++at] as number] as number) : 0;
      if (byte === 0) return undefined;
    }
    bytes[end++] = byte;
  }
  return bytes.toString("utf8", 0, end);
}

/** As a JSON string. Half a character is written as its escape, as JSON.stringify does. */
export async function encoded(content: string): Promise<string> {
  if (content.length <= piece) return JSON.stringify(content);
  const parts: string[] = [];
  const spent = shareOfTurn();
  for (let at = 0; at < content.length; ) {
    const to = betweenCharacters(content, Math.min(content.length, at + piece));
    parts.push(JSON.stringify(content.slice(at, to)).slice(1, -1));
    at = to;
    await spent();
  }
  return `"${parts.join("")}"`;
}

/** The place itself, or one before it where it would part the two halves of one character. */
export const betweenCharacters = (text: string, at: number): number =>
  at < text.length && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at)) ? at - 1 : at;

const isHigh = (code: number) => code >= 0xd800 && code <= 0xdbff;
const isLow = (code: number) => code >= 0xdc00 && code <= 0xdfff;

/** The last place up to `to` at which no escape is under way; `\u` has four digits. */
function outsideEscape(text: string, from: number, to: number): number {
  for (let at = to - 1; at >= Math.max(from, to - 5); at--)
    if (text.charCodeAt(at) === backslash && isEscape(text, from, at))
      return at + (text[at + 1] === "u" ? 6 : 2) > to ? at : to;
  return to;
}
const quote = 0x22;
const backslash = 0x5c;

/** Whether the backslash there begins an escape, and is not itself escaped. */
function isEscape(text: string, from: number, at: number): boolean {
  let before = 0;
  while (at - before > from && text.charCodeAt(at - before - 1) === backslash) before++;
  return before % 2 === 0;
}
