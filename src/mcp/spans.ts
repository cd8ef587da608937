import { keyIn, quoted, skipSpace, skipString, stringAt } from "./lexemes.ts";

export { skipSpace, skipString } from "./lexemes.ts";

/**
 * Places within JSON text, so that what was judged can be forwarded byte for byte: parsing and writing anew changes big ids, `-0` and
 * duplicate keys (design §8). The text has been through JSON.parse before; here it is only measured.
 */
export type Span = { start: number; end: number };
export type Member = Span & { key: string };

/** Where the members of an object stand in its text, in their order: as one list of what is told of them, since each call measures several. */
export class Members {
  readonly told: (string | number)[] = [];

  get size(): number {
    return this.told.length / 3;
  }

  key(n: number): string {
    return this.told[3 * n] as string;
  }

  /** Of its value, as is `end`. */
  start(n: number): number {
    return this.told[3 * n + 1] as number;
  }

  end(n: number): number {
    return this.told[3 * n + 2] as number;
  }

  add(key: string, start: number, end: number): void {
    this.told.push(key, start, end);
  }

  /** The first of this name; -1 when there is none. */
  indexOf(key: string): number {
    const { told } = this;
    for (let at = 0; at < told.length; at += 3) if (told[at] === key) return at / 3;
    return -1;
  }

  /** The first so many of these. */
  addFirst(members: Members, count: number): void {
    for (let n = 0; n < count; n++) this.add(members.key(n), members.start(n), members.end(n));
  }

  all(): Member[] {
    return Array.from({ length: this.size }, (_, n) => ({ key: this.key(n), start: this.start(n), end: this.end(n) }));
  }
}

/**
 * An object's text, and where its members stand in it. `open` is the same without its end, where the text was put together: to cut that off would be
 * to copy it.
 */
export type Measured = { text: string; members: Members; open?: string };

/** The members of the object that begins at or after `at`; what is no object has none. */
export function membersOf(text: string, at = 0): Members {
  const members = new Members();
  let i = skipSpace(text, at);
  if (text.charCodeAt(i++) !== openBrace) return members;
  for (;;) {
    i = skipSpace(text, i);
    const code = text.charCodeAt(i);
    if (i >= text.length || code === closeBrace) return members;
    if (code === comma) i = skipSpace(text, i + 1);
    const keyEnd = skipString(text, i);
    const key = keyIn(text, i, keyEnd);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    // What is no JSON must not hold us here for ever.
    if (end <= start) return members;
    members.add(key, start, end);
    i = end;
  }
}

/** The same one by one, for who has the time. */
export const eachMember = (text: string, at = 0): Member[] => membersOf(text, at).all();

/** The elements of the array that begins at or after `at`. */
export function elementsOf(text: string, at = 0): Span[] {
  const elements: Span[] = [];
  let i = skipSpace(text, at) + 1;
  for (;;) {
    i = skipSpace(text, i);
    if (i >= text.length || text[i] === "]") return elements;
    const start = text[i] === "," ? skipSpace(text, i + 1) : i;
    const end = skipValue(text, start);
    if (end <= start) return elements;
    elements.push({ start, end });
    i = end;
  }
}

export function memberText(text: string, members: Members, key: string): string | undefined {
  const n = members.indexOf(key);
  return n < 0 ? undefined : text.slice(members.start(n), members.end(n));
}

/** The text of one member; for several of the same object `membersOf` measures once. */
export const memberOf = (text: string, key: string): string | undefined => memberText(text, membersOf(text), key);

/** The same of a member that is an object; undefined when it is anything else. */
export function objectOf(text: string, key: string): string | undefined {
  const member = memberOf(text, key);
  return member?.startsWith("{") === true ? member : undefined;
}

/**
 * The object's text with some members' values replaced (JSON text), added, or left out (`undefined`); all others byte for byte. A changed
 * member stands there once, however often it stood there before: a second one would be what another reader takes.
 */
export const withMembers = (text: string, changes: Changes): string =>
  rewritten({ text, members: membersOf(text) }, changes).text;

/** The same for who has measured it already, with where they stand now. Where nothing changes, it is what was given. */
export function rewritten(given: Measured, changes: Changes): Measured {
  const { text, members } = given;
  // What stands before the first change stays as it is: of a big result that is nearly all, and none of it is copied.
  const kept = text.charCodeAt(0) === openBrace ? untouched(members, changes) : 0;
  if (kept > 0 && kept === members.size && !addsAnything(changes)) return given;
  const now = new Members();
  now.addFirst(members, kept);
  let written = kept === 0 ? "{" : text.slice(0, members.end(kept - 1));
  for (let n = kept; n < members.size; n++) {
    const key = members.key(n);
    if (!Object.hasOwn(changes, key))
      written = withMember(written, now, key, text.slice(members.start(n), members.end(n)));
    else if (members.indexOf(key) === n) written = withMember(written, now, key, changes[key]);
  }
  for (const key in changes) if (members.indexOf(key) < 0) written = withMember(written, now, key, changes[key]);
  return { text: `${written}}`, members: now, open: written };
}

function withMember(written: string, members: Members, key: string, value: string | undefined): string {
  if (value === undefined) return written;
  const before = `${written}${members.size === 0 ? "" : ","}${quoted(key)}:`;
  members.add(key, before.length, before.length + value.length);
  return before + value;
}

export type Changes = Readonly<Record<string, string | undefined>>;

/** How many there are before the first that changes. */
function untouched(members: Members, changes: Changes): number {
  let count = 0;
  while (count < members.size && !Object.hasOwn(changes, members.key(count))) count++;
  return count;
}

function addsAnything(changes: Changes): boolean {
  for (const key in changes) if (changes[key] !== undefined) return true;
  return false;
}

/**
 * Without line breaks, which stand only between tokens, and all else where it was. A line ends a message on stdio: a call whose arguments are laid
 * out over several would there be several messages, and one of them what nobody judged.
 */
export const unbroken = (text: string): string => text.replace(lineBreaks, " ");
// A literal within the function would be an object of its own for each message.
const lineBreaks = /[\r\n]/g;

/** On one line for every reader: Node's readline ends a line at U+2028 and U+2029 too, which may stand in a string as they are. */
export const oneLine = (text: string): string =>
  unbroken(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/** Whether an object in it, however deep, holds a key twice: readers differ in which one they believe (CVE-2026-27896). */
export function hasTwins(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === openBrace) open.push(new Set());
    else if (code === openBracket) open.push(undefined);
    else if (code === closeBrace || code === closeBracket) open.pop();
    else if (code === quote) {
      const end = skipString(text, i);
      const keys = text.charCodeAt(skipSpace(text, end)) === colon ? open.at(-1) : undefined;
      const key = keys === undefined ? "" : stringAt(text, i, end);
      if (keys?.has(key) === true) return true;
      keys?.add(key);
      i = end - 1;
    }
  }
  return false;
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

const endsToken = (code: number): boolean =>
  code === comma || code === closeBracket || code === closeBrace || code <= 0x20;

function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === quote) return skipString(text, at);
  if (first !== openBrace && first !== openBracket) {
    let i = at;
    while (i < text.length && !endsToken(text.charCodeAt(i))) i++;
    return i;
  }
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = skipString(text, i) - 1;
    else if (code === openBrace || code === openBracket) depth++;
    else if ((code === closeBrace || code === closeBracket) && --depth === 0) return i + 1;
  }
  return text.length;
}
