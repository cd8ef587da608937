/**
 * Places within JSON text, so that what was judged can be forwarded byte for byte: parsing and writing anew changes big ids, `-0` and
 * duplicate keys (design §8). The text has been through JSON.parse before; here it is only measured.
 */
export type Span = { start: number; end: number };
export type Member = Span & { key: string };

/** What one message may hold; beyond it parsing itself is the attack (CVE-2026-111768). */
export const bounds = { depth: 64, elements: 50_000 } as const;

/** The members of the object that begins at or after `at`. */
export function membersOf(text: string, at = 0): Member[] {
  const members: Member[] = [];
  let i = skipSpace(text, at) + 1;
  for (;;) {
    i = skipSpace(text, i);
    if (i >= text.length || text[i] === "}") return members;
    if (text[i] === ",") i = skipSpace(text, i + 1);
    const keyEnd = skipString(text, i);
    const key = JSON.parse(text.slice(i, keyEnd)) as string;
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = skipValue(text, start);
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
    elements.push({ start, end });
    i = end;
  }
}

export const memberText = (text: string, members: readonly Member[], key: string): string | undefined => {
  const member = members.find((candidate) => candidate.key === key);
  return member === undefined ? undefined : text.slice(member.start, member.end);
};

/** The object's text with some members' values replaced (JSON text), added, or left out (`undefined`); all others byte for byte. */
export function withMembers(text: string, changes: Record<string, string | undefined>): string {
  const parts: string[] = [];
  const left = new Map(Object.entries(changes));
  for (const { key, start, end } of membersOf(text)) {
    const value = left.has(key) ? left.get(key) : text.slice(start, end);
    left.delete(key);
    if (value !== undefined) parts.push(`${JSON.stringify(key)}:${value}`);
  }
  for (const [key, value] of left) if (value !== undefined) parts.push(`${JSON.stringify(key)}:${value}`);
  return `{${parts.join(",")}}`;
}

/** True when the text stays within the bounds; one pass, before anything is parsed. */
export function isBounded(text: string): boolean {
  let depth = 0;
  let elements = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) i = skipString(text, i) - 1;
    else if (code === openBrace || code === openBracket) {
      if (++depth > bounds.depth) return false;
    } else if (code === closeBrace || code === closeBracket) depth--;
    else if (code === comma && ++elements > bounds.elements) return false;
  }
  return true;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

export function skipSpace(text: string, at: number): number {
  let i = at;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i++;
  return i;
}

/** Past the closing quote of the string that opens at `at`. */
export function skipString(text: string, at: number): number {
  let i = at + 1;
  for (;;) {
    i = text.indexOf('"', i);
    if (i < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(i - 1 - slashes) === backslash) slashes++;
    i++;
    if (slashes % 2 === 0) return i;
  }
}

function skipValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === quote) return skipString(text, at);
  if (first !== openBrace && first !== openBracket) {
    let i = at;
    while (i < text.length && !",]} \t\r\n".includes(text[i] ?? "")) i++;
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
