/**
 * Places within JSON text, so that what was judged can be forwarded byte for byte: parsing and writing anew changes big ids, `-0` and
 * duplicate keys (design §8). The text has been through JSON.parse before; here it is only measured.
 */
export type Span = { start: number; end: number };
export type Member = Span & { key: string };

/** Of one number; one of a million digits takes long to read. */
export const digits = 1_000;

/** The members of the object that begins at or after `at`; what is no object has none. */
export function membersOf(text: string, at = 0): Member[] {
  const members: Member[] = [];
  let i = skipSpace(text, at);
  if (text.charCodeAt(i++) !== openBrace) return members;
  for (;;) {
    i = skipSpace(text, i);
    if (i >= text.length || text[i] === "}") return members;
    if (text[i] === ",") i = skipSpace(text, i + 1);
    const keyEnd = skipString(text, i);
    const key = stringAt(text, i, keyEnd);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
    // What is no JSON must not hold us here for ever.
    if (end <= start) return members;
    members.push({ key, start, end });
    i = end;
  }
}

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

export const memberText = (text: string, members: readonly Member[], key: string): string | undefined => {
  const member = members.find((candidate) => candidate.key === key);
  return member === undefined ? undefined : text.slice(member.start, member.end);
};

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
export function withMembers(text: string, changes: Record<string, string | undefined>): string {
  const parts: string[] = [];
  const add = (key: string, value: string | undefined) => {
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${value}`);
  };
  const left = new Map(Object.entries(changes));
  for (const { key, start, end } of membersOf(text)) {
    if (!Object.hasOwn(changes, key)) add(key, text.slice(start, end));
    else if (left.has(key)) add(key, left.get(key));
    left.delete(key);
  }
  for (const [key, value] of left) add(key, value);
  return `{${parts.join(",")}}`;
}

/**
 * Without line breaks, which stand only between tokens. A line ends a message on stdio: a call whose arguments are laid out over several would
 * there be several messages, and one of them what nobody judged.
 */
export const unbroken = (text: string): string => text.replace(/[\r\n][ \t\r\n]*/g, " ");

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

export type Excess = "depth" | "elements" | "digits";

/**
 * Which bound the text goes beyond, if any; one pass, before anything is parsed: there parsing itself is the attack (CVE-2026-111768). Keys take
 * longest to read, so of a client's elements only some may bear one; the list of a server's thousand tools has more.
 */
export function excessIn(
  text: string,
  { depth, elements }: { depth: number; elements: number },
  mostKeys: number = elements,
): Excess | undefined {
  let open = 0;
  let commas = 0;
  let colons = 0;
  let run = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isDigit = code >= zero && code <= nine;
    run = isDigit ? run + 1 : 0;
    if (isDigit) {
      if (run > digits) return "digits";
    } else if (code === quote) i = skipString(text, i) - 1;
    else if (code === openBrace || code === openBracket) {
      if (++open > depth) return "depth";
    } else if (code === closeBrace || code === closeBracket) open--;
    else if (code === comma && ++commas > elements) return "elements";
    else if (code === colon && ++colons > mostKeys) return "elements";
  }
  return undefined;
}

const longString = 4 * 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what may be wrong in a string is such a one, or an escape.
const doubtful = /[\u0000-\u001f\\]/;

/**
 * JSON exactly when `text` is, with the same structure, and quick to parse: strings that are long and hold nothing to judge are empty in it. A file or
 * a picture in a tool's answer is parsed for nothing else, and copying megabytes takes ten times as long as looking at them.
 */
export function withoutLongStrings(text: string): string {
  if (text.length < longString) return text;
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf('"'); at >= 0; ) {
    const end = skipString(text, at);
    if (end - at > longString) {
      const inner = text.slice(at + 1, end - 1);
      if (!doubtful.test(inner)) {
        parts.push(text.slice(from, at + 1));
        from = end - 1;
      }
    }
    at = text.indexOf('"', end);
  }
  return from === 0 ? text : parts.join("") + text.slice(from);
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const zero = 0x30;
const nine = 0x39;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i++;
  return i;
}

/** Quotes that stand closer than so many characters are found sooner one character after another. */
const near = 24;

/** Past the closing quote of the string that opens at `at`: finding the next quote is native, and then what stands before it tells whether it is the one. */
export function skipString(text: string, at: number): number {
  for (let from = at + 1; ; ) {
    const end = text.indexOf('"', from);
    if (end < 0) return text.length;
    if (!isEscaped(text, from, end)) return end + 1;
    // Where one is escaped the next one is mostly close.
    from = end + 1;
    for (const to = Math.min(text.length, from + near); from < to; from++) {
      const code = text.charCodeAt(from);
      if (code === quote) return from + 1;
      if (code === backslash) from++;
    }
  }
}

/** Whether an odd number of backslashes stands before it; none of them is itself escaped at `from`. */
function isEscaped(text: string, from: number, at: number): boolean {
  let before = at;
  while (before > from && text.charCodeAt(before - 1) === backslash) before--;
  return (at - before) % 2 === 1;
}

const stringAt = (text: string, start: number, end: number): string => {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes("\\") ? (JSON.parse(`"${inner}"`) as string) : inner;
};

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
