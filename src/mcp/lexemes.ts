const quote = 0x22;
const backslash = 0x5c;

/** So many characters behind an escaped quote are looked at one by one; for more a regular expression is faster. */
const near = 64;
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
const longString = 4 * 1024;

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
    const to = i + matched(escaped, text.slice(i, i + bite));
    if (text.charCodeAt(to) === quote) return to + 1;
    // An escape that is cut by the end of a bite is the beginning of the next.
    if (to === i) break;
    i = to;
  }
  return text.length;
}

/** Past the string that opens at `at` and has its next quote at `next`, if it is long, and valid JSON beyond doubt; else 0. */
export function longStringEnd(text: string, at: number, next: number): number {
  if (next < 0 || text.length - at <= longString) return 0;
  if (text.charCodeAt(next - 1) !== backslash) {
    if (next - at <= longString) return 0;
    if (!doubtful.test(text.slice(at + 1, next))) return next + 1;
  }
  for (let i = at + 1, size = longString; ; size = bite) {
    const to = i + matched(tidy, text.slice(i, i + size));
    if (text.charCodeAt(to) === quote) return to - at > longString ? to + 1 : 0;
    if (to === i) return 0;
    i = to;
  }
}

function matched(expression: RegExp, bitten: string): number {
  expression.lastIndex = 0;
  return expression.test(bitten) ? expression.lastIndex : 0;
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

/** Keys that stand in nearly every message, by their length: as a text of its own each would be cut out of it anew. */
const usual: readonly (readonly string[] | undefined)[] = byLength(
  ...["id", "jsonrpc", "method", "params", "result", "error", "name", "arguments", "_meta", "progressToken"],
  ...["content", "type", "text", "isError", "structuredContent", "uri", "data", "mimeType", "description"],
  ...["inputSchema", "code", "message", "resultType"],
);

function byLength(...words: string[]): string[][] {
  const lists: string[][] = [];
  for (const word of words) {
    const list = lists[word.length] ?? [];
    lists[word.length] = [...list, word];
  }
  return lists;
}

/** The same of a key. */
export function keyIn(text: string, start: number, end: number): string {
  const words = usual[end - start - 2];
  if (words !== undefined) for (const word of words) if (text.startsWith(word, start + 1)) return word;
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
