import { longStringEnd, skipSpace, skipString, stringAt } from "./lexemes.ts";
import type { Member } from "./spans.ts";

/** Of one number; one of a million digits takes long to read. */
export const digits = 1_000;

export type Excess = "depth" | "elements" | "digits";

/** What one pass over a text tells of it. Whether it is JSON is not known by that, and only of JSON it is true. */
export type Outline = {
  /** Of the object that the text is. */
  members: readonly Member[];
  /** How many there are in it and all that it holds; as often as the same one is written, it counts. */
  keys: number;
  /**
   * JSON exactly when the text is, with the same structure, and quick to parse: strings that are long and valid beyond doubt are empty in it. A file
   * or a picture in a tool's answer is parsed for nothing else.
   */
  bones: string;
};

/**
 * Which bound the text goes beyond, if any; before anything is parsed: there parsing itself is the attack (CVE-2026-111768). Keys take longest to
 * read, so of a client's elements only some may bear one; the list of a server's thousand tools has more.
 */
export function outlineOf(
  text: string,
  { depth, elements }: { depth: number; elements: number },
  mostKeys: number = elements,
): Outline | Excess {
  const members: Member[] = [];
  const isObject = text.charCodeAt(skipSpace(text, 0)) === openBrace;
  let open = 0;
  let commas = 0;
  let keys = 0;
  /** Of the member that is being read: its key's quotes, and where its value begins once that is known. */
  let keyAt = -1;
  let keyEnd = 0;
  let start = -1;
  let bones = "";
  let bared = 0;

  function member(at: number): void {
    let end = at;
    while (end > start && text.charCodeAt(end - 1) <= 0x20) end--;
    members.push({ key: stringAt(text, keyAt, keyEnd), start, end });
    keyAt = -1;
    start = -1;
  }

  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      const next = text.indexOf('"', i + 1);
      const longEnd = longStringEnd(text, i, next);
      const end = longEnd || skipString(text, i, next);
      if (longEnd > 0) {
        bones += text.slice(bared, i + 1);
        bared = end - 1;
      }
      if (open === 1 && isObject && keyAt < 0) {
        keyAt = i;
        keyEnd = end;
      }
      i = end - 1;
    } else if (code === comma) {
      if (++commas > elements) return "elements";
      if (open === 1 && start >= 0) member(i);
    } else if (code === colon) {
      if (++keys > mostKeys) return "elements";
      if (open === 1 && keyAt >= 0 && start < 0) start = skipSpace(text, i + 1);
    } else if (code === openBrace || code === openBracket) {
      if (++open > depth) return "depth";
    } else if (code === closeBrace || code === closeBracket) {
      if (open-- === 1 && start >= 0) member(i);
    } else if (code >= zero && code <= nine) {
      const from = i;
      while (isDigit(text.charCodeAt(i + 1))) i++;
      if (i - from >= digits) return "digits";
    }
  }
  return { members, keys, bones: bared === 0 ? text : bones + text.slice(bared) };
}

/** The same where nothing but the bounds matters. */
export function excessIn(text: string, bounds: { depth: number; elements: number }, mostKeys?: number) {
  const outline = outlineOf(text, bounds, mostKeys);
  return typeof outline === "string" ? outline : undefined;
}

/** How many keys a parsed value holds. Of a key that is written twice the parser keeps one, so that there are fewer than in the text's outline. */
export function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const element of value) keys += keysIn(element);
    return keys;
  }
  for (const key in value) keys += 1 + keysIn((value as Record<string, unknown>)[key]);
  return keys;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const zero = 0x30;
const nine = 0x39;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const isDigit = (code: number): boolean => code >= zero && code <= nine;
