import { keyIn, longStringEnd, skipSpace, skipString } from "./lexemes.ts";
import type { Member } from "./spans.ts";

/** Of one number; one of a million digits takes long to read. */
export const digits = 1_000;

export type Excess = "depth" | "elements" | "digits";

/** What one pass over a text tells of it. Whether it is JSON is not known by that, and only of JSON it is true. */
export type Outline = {
  /** Of the object that the text is. */
  members: readonly Member[];
  /** Of the object that was to be measured within it, in that one's own text; undefined when there is none, or it is called so by escapes. */
  inner: readonly Member[] | undefined;
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
 * read, so of a client's elements only some may bear one; the list of a server's thousand tools has more. The object under the key `within` is
 * measured in the same pass.
 */
export function outlineOf(
  text: string,
  { depth, elements }: { depth: number; elements: number },
  mostKeys: number = elements,
  within?: string,
): Outline | Excess {
  const whole = new Measure(0);
  let inner: Measure | undefined;
  /** Of the object whose members stand at this depth, where they are measured. */
  let measure: Measure | undefined;
  let open = 0;
  let commas = 0;
  let keys = 0;
  let bones = "";
  let bared = 0;

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
      if (measure !== undefined && measure.keyAt < 0) {
        measure.keyAt = i;
        measure.keyEnd = end;
      }
      i = end - 1;
    } else if (code === comma) {
      if (++commas > elements) return "elements";
      if (measure !== undefined && measure.start >= 0) measure.end(text, i);
    } else if (code === colon) {
      if (++keys > mostKeys) return "elements";
      if (measure !== undefined && measure.keyAt >= 0 && measure.start < 0) measure.start = skipSpace(text, i + 1);
    } else if (code === openBrace || code === openBracket) {
      if (++open > depth) return "depth";
      if (code === openBracket || open > 2) measure = undefined;
      else if (open === 1) measure = whole;
      else if (inner === undefined && whole.isAt(text, within)) measure = inner = new Measure(i);
      else measure = undefined;
    } else if (code === closeBrace || code === closeBracket) {
      if (measure !== undefined) {
        if (measure.start >= 0) measure.end(text, i);
        measure.isClosed = true;
      }
      open--;
      if (open === 1) measure = whole;
      else if (open === 2) measure = inner?.isClosed === false ? inner : undefined;
    } else if (code >= zero && code <= nine) {
      const from = i;
      while (isDigit(text.charCodeAt(i + 1))) i++;
      if (i - from >= digits) return "digits";
    }
  }
  const { members } = whole;
  // The first of its name is the one that is meant, in whatever spelling.
  const isMeant = inner !== undefined && startOf(members, within) === inner.from;
  return {
    members,
    inner: isMeant ? inner?.members : undefined,
    keys,
    bones: bared === 0 ? text : bones + text.slice(bared),
  };
}

function startOf(members: readonly Member[], called: string | undefined): number | undefined {
  for (const { key, start } of members) if (key === called) return start;
  return undefined;
}

/** The members of one object, as far as it was read. */
class Measure {
  readonly members: Member[] = [];
  /** Where it begins, from where its members are measured. */
  readonly from: number;
  /** Of the member that is being read: its key's quotes, and where its value begins once that is known. */
  keyAt = -1;
  keyEnd = 0;
  start = -1;
  isClosed = false;

  constructor(from: number) {
    this.from = from;
  }

  end(text: string, at: number): void {
    let end = at;
    while (end > this.start && text.charCodeAt(end - 1) <= 0x20) end--;
    const key = keyIn(text, this.keyAt, this.keyEnd);
    this.members.push({ key, start: this.start - this.from, end: end - this.from });
    this.keyAt = -1;
    this.start = -1;
  }

  /** Whether the value that is being read is of this key. */
  isAt(text: string, key: string | undefined): boolean {
    return (
      key !== undefined &&
      this.start >= 0 &&
      this.keyEnd - this.keyAt === key.length + 2 &&
      text.startsWith(key, this.keyAt + 1)
    );
  }
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
