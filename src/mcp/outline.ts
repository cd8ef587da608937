import { keyIn, LongString, mayBeLong, nearEnd, skipSpace, skipString } from "./lexemes.ts";
import { Members } from "./spans.ts";

/** Of one number; one of a million digits takes long to read. */
export const digits = 1_000;

export type Excess = "depth" | "elements" | "digits";

/** What one pass over a text tells of it. Whether it is JSON is not known by that, and only of JSON it is true. */
export type Outline = {
  /** Of the object that the text is. */
  members: Members;
  /** Of the object that was to be measured within it, in that one's own text; undefined when there is none, or it is called so by escapes. */
  inner: Members | undefined;
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
export function outlineOf(text: string, bounds: Bounds, mostKeys?: number, within?: string): Outline | Excess {
  const outlining = new Outlining(text, bounds, mostKeys, within);
  outlining.go();
  return outlining.outcome;
}

type Bounds = { depth: number; elements: number };

/** The same for a text so long that others have their turns while it is read. */
export class Outlining implements Outline {
  readonly members = new Measure(0);
  inner: Members | undefined;
  keys = 0;
  bones = "";
  readonly #text: string;
  readonly #depth: number;
  readonly #elements: number;
  readonly #mostKeys: number;
  readonly #within: string | undefined;
  #inner: Measure | undefined;
  /** Of the object whose members stand at this depth, where they are measured. */
  #measure: Measure | undefined;
  #excess: Excess | undefined;
  #read = 0;
  #open = 0;
  #commas = 0;
  #bared = 0;
  /** In the midst of which it stands. */
  #long: LongString | undefined;

  constructor(text: string, { depth, elements }: Bounds, mostKeys: number = elements, within?: string) {
    this.#text = text;
    this.#depth = depth;
    this.#elements = elements;
    this.#mostKeys = mostKeys;
    this.#within = within;
  }

  /** Reads so many characters, and what little it takes to come to a place to stop at. Answers whether it is through. */
  go(most: number = this.#text.length): boolean {
    const text = this.#text;
    const until = Math.min(text.length, (this.#long?.read ?? this.#read) + most);
    let [measure, inner, open, commas, keys] = [this.#measure, this.#inner, this.#open, this.#commas, this.keys];
    let i = this.#read;
    for (; i < until; i++) {
      const code = text.charCodeAt(i);
      if (code === quote) {
        const end = nearEnd(text, i) || this.#farEnd(i, until);
        if (end === 0) break;
        if (measure !== undefined && measure.keyAt < 0) {
          measure.keyAt = i;
          measure.keyEnd = end;
        }
        i = end - 1;
      } else if (code === comma) {
        if (++commas > this.#elements) return this.#goesBeyond("elements");
        if (measure !== undefined && measure.begun >= 0) measure.close(text, i);
      } else if (code === colon) {
        if (++keys > this.#mostKeys) return this.#goesBeyond("elements");
        if (measure !== undefined && measure.keyAt >= 0 && measure.begun < 0) measure.begun = skipSpace(text, i + 1);
      } else if (code === openBrace || code === openBracket) {
        if (++open > this.#depth) return this.#goesBeyond("depth");
        if (code === openBracket || open > 2) measure = undefined;
        else if (open === 1) measure = this.members;
        else if (inner === undefined && this.members.isAt(text, this.#within)) measure = inner = new Measure(i);
        else measure = undefined;
      } else if (code === closeBrace || code === closeBracket) {
        if (measure !== undefined) {
          if (measure.begun >= 0) measure.close(text, i);
          measure.isClosed = true;
        }
        open--;
        if (open === 1) measure = this.members;
        else if (open === 2) measure = inner?.isClosed === false ? inner : undefined;
      } else if (code >= zero && code <= nine) {
        const from = i;
        while (isDigit(text.charCodeAt(i + 1))) if (++i - from >= digits) return this.#goesBeyond("digits");
      }
    }
    this.#read = i;
    this.#measure = measure;
    this.#inner = inner;
    this.#open = open;
    this.#commas = commas;
    this.keys = keys;
    if (i < text.length) return false;
    this.#complete();
    return true;
  }

  #complete(): void {
    // The first of its name is the one that is meant, in whatever spelling.
    const inner = this.#inner;
    if (inner !== undefined && this.#isFirst(inner)) this.inner = inner;
    this.bones = this.#bared === 0 ? this.#text : this.bones + this.#text.slice(this.#bared);
  }

  #isFirst(inner: Measure): boolean {
    const n = this.#within === undefined ? -1 : this.members.indexOf(this.#within);
    return n >= 0 && this.members.start(n) === inner.from;
  }

  /** Past the string that opens there; 0 when it is long, and there is more of it to read. */
  #farEnd(at: number, until: number): number {
    const next = this.#text.indexOf('"', at + 1);
    if (!mayBeLong(this.#text, at, next)) return skipString(this.#text, at, next);
    const long = this.#long ?? new LongString(this.#text, at, next);
    const isThrough = long.go(until);
    this.#long = isThrough ? undefined : long;
    if (!isThrough) return 0;
    if (long.isLong) {
      this.bones += this.#text.slice(this.#bared, at + 1);
      this.#bared = long.end - 1;
    }
    return long.end;
  }

  #goesBeyond(bound: Excess): true {
    this.#excess = bound;
    return true;
  }

  /** Once it is through. */
  get outcome(): Outline | Excess {
    return this.#excess ?? this;
  }
}

/** The members of one object, as far as it was read. */
class Measure extends Members {
  /** Where it begins, from where its members are measured. */
  readonly from: number;
  /** Of the member that is being read: its key's quotes, and where its value begins once that is known. */
  keyAt = -1;
  keyEnd = 0;
  begun = -1;
  isClosed = false;

  constructor(from: number) {
    super();
    this.from = from;
  }

  close(text: string, at: number): void {
    let end = at;
    while (end > this.begun && text.charCodeAt(end - 1) <= 0x20) end--;
    const key = keyIn(text, this.keyAt, this.keyEnd);
    this.add(key, this.begun - this.from, end - this.from);
    this.keyAt = -1;
    this.begun = -1;
  }

  /** Whether the value that is being read is of this key. */
  isAt(text: string, key: string | undefined): boolean {
    return (
      key !== undefined &&
      this.begun >= 0 &&
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
