const quote = 0x22;
const backslash = 0x5c;

/** So many characters behind an escaped quote are looked at one by one; for more a regular expression is faster. */
const near = 64;
/** So many before it is worth calling what searches natively. */
const nearby = 16;
const escaped = /[^"\\]*(?:\\.[^"\\]*)*/sy;
/** What no parser would object to. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is them that it would.
const tidy = /[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*/y;
/** What may be wrong in a string is such a character, or an escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for.
const doubtful = /[\u0000-\u001f\\]/;
/** Characters that an expression is given at once: with more escapes than these can hold it would be given up for a slow one. */
const bite = 32 * 1024;

/** Of a string that is worth leaving out of what is parsed. */
export const longString = 4 * 1024;

/** Past the closing quote of the string that opens at `at`, where that is near and no escape stands before it, as of most; else 0. */
export function nearEnd(text: string, at: number): number {
  const to = Math.min(text.length, at + nearby);
  for (let i = at + 1; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if (code === backslash) return 0;
  }
  return 0;
}

/**
 * Past the closing quote of the string that opens at `at`: finding the next quote (`next`) is native, and then what stands before it tells whether
 * it is the one.
 */
export function skipString(text: string, at: number, next: number = text.indexOf('"', at + 1)): number {
  if (next < 0) return text.length;
  if (!isEscaped(text, at + 1, next)) return next + 1;
  const to = Math.min(text.length, next + near);
  for (let i = next + 1; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) return i + 1;
    if (code === backslash && ++i === to) return past(text, i + 1);
  }
  return past(text, to);
}

/** Past the closing quote, from somewhere within the string that is not behind an open escape. */
function past(text: string, from: number): number {
  for (let i = from; i < text.length; ) {
    const to = i + matched(escaped, text, i, bite);
    if (text.charCodeAt(to) === quote) return to + 1;
    // An escape that is cut by the end of a bite is the beginning of the next.
    if (to === i) break;
    i = to;
  }
  return text.length;
}

/** Whether the string that opens at `at` and has its next quote at `next` may be long. */
export const mayBeLong = (text: string, at: number, next: number): boolean =>
  text.length - at > longString && (next - at > longString || text.charCodeAt(next - 1) === backslash);

/** Such a string, while it is looked for its end: with escapes in it that takes long, and `go` may be called again and again for it. */
export class LongString {
  readonly at: number;
  readonly #text: string;
  readonly #next: number;
  read: number;
  #size = longString;
  /** Nothing in it is what a parser would object to, as far as it was read. */
  #isTidy = true;
  /** Past its closing quote, or the end of the text. */
  end = 0;

  constructor(text: string, at: number, next: number) {
    this.at = at;
    this.#text = text;
    this.#next = next;
    this.read = at + 1;
  }

  /** Long, and valid JSON beyond doubt. */
  get isLong(): boolean {
    return this.#isTidy && this.end - 1 - this.at > longString;
  }

  /** Reads on to there, or a bite beyond it. Answers whether it is through. */
  go(until: number): boolean {
    if (this.read === this.at + 1 && this.#isPlain()) this.end = this.#next + 1;
    const most = this.#text.length;
    while (this.end === 0 && (this.read < until || this.read >= most)) this.#bite();
    return this.end > 0;
  }

  /** A look that is native all through. */
  #isPlain(): boolean {
    const [text, next] = [this.#text, this.#next];
    return text.charCodeAt(next - 1) !== backslash && !doubtful.test(text.slice(this.at + 1, next));
  }

  #bite(): void {
    const [text, from] = [this.#text, this.read];
    const to = from + matched(this.#isTidy ? tidy : escaped, text, from, this.#size);
    this.#size = bite;
    if (text.charCodeAt(to) === quote) this.end = to + 1;
    else if (to > from) this.read = to;
    else if (this.#isTidy) this.#isTidy = false;
    else this.end = text.length;
  }
}

/** How far it matches in the next so many characters. */
function matched(expression: RegExp, text: string, from: number, size: number): number {
  expression.lastIndex = 0;
  return expression.test(text.slice(from, from + size)) ? expression.lastIndex : 0;
}

/** Whether an odd number of backslashes stands before it; none of them is itself escaped at `from`. */
function isEscaped(text: string, from: number, at: number): boolean {
  let before = at;
  while (before > from && text.charCodeAt(before - 1) === backslash) before--;
  return (at - before) % 2 === 1;
}

/** What the string from `start` to `end` says; what is no JSON says what is written there. */
export function stringAt(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  if (!inner.includes("\\")) return inner;
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}

/** Keys that stand in nearly every message, by how they begin: as a text of its own each would be cut out of it anew. */
const usual: readonly (readonly string[] | undefined)[] = byBeginning(
  ...["id", "jsonrpc", "method", "params", "result", "error", "name", "arguments", "_meta", "progressToken"],
  ...["content", "type", "text", "isError", "structuredContent", "uri", "data", "mimeType", "description"],
  ...["inputSchema", "code", "message", "resultType"],
);

function byBeginning(...words: string[]): string[][] {
  const lists: string[][] = Array.from({ length: beginning(0x7f, 0x1f) + 1 }, () => []);
  for (const word of words) lists[beginning(word.charCodeAt(0), word.length)]?.push(word);
  return lists;
}

/** Of a key of such a length that begins so; whether it is the one is looked at afterwards. */
function beginning(first: number, length: number): number {
  return ((length & 0x1f) << 7) | (first & 0x7f);
}

/** The same of a key. */
export function keyIn(text: string, start: number, end: number): string {
  const length = end - start - 2;
  const words = usual[beginning(text.charCodeAt(start + 1), length)];
  if (words !== undefined)
    for (let n = 0; n < words.length; n++) {
      const word = words[n] as string;
      if (word.length === length && text.startsWith(word, start + 1)) return word;
    }
  return stringAt(text, start, end);
}

const plain = /^[\w/.-]*$/;

/** As JSON text; what needs no escape, as most names do not, needs no writer. */
export const quoted = (words: string): string => (plain.test(words) ? `"${words}"` : JSON.stringify(words));

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i++;
  return i;
}
