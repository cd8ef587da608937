import type { Span } from "../../../spans.ts";
import { byShape, type Finder } from "./finder.ts";

const mostBefore = 64;
const beforeAt = /[\p{L}\p{N}._%+'-]/u;
const domain = /(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})\.){1,8}[\p{L}]{2,63}/uy;
const beginsDomain = /^[\p{L}\p{N}]/u;
const longestDomain = 600;

/** E-mail addresses, by their sign: what stands around each is bounded. */
export const emails: Finder = (text, from, to) => {
  const found: Span[] = [];
  for (let at = text.indexOf("@", from); at >= 0 && at < to; at = text.indexOf("@", at + 1)) {
    if (!beforeAt.test(characterBefore(text, at)) || !beginsDomain.test(text.slice(at + 1, at + 3))) continue;
    let start = at;
    while (start > 0 && at - start < mostBefore && beforeAt.test(characterBefore(text, start)))
      start -= characterBefore(text, start).length;
    domain.lastIndex = 0;
    const host = domain.exec(text.slice(at + 1, at + 1 + longestDomain))?.[0];
    if (start < at && host !== undefined) found.push({ start, end: at + 1 + host.length });
  }
  return found;
};

const characterBefore = (text: string, at: number): string => {
  const code = text.codePointAt(at - 2);
  return at >= 2 && code !== undefined && code > 0xffff ? text.slice(at - 2, at) : text.slice(at - 1, at);
};

/** As they stand on cards and in databases: in one, in fours, or as American Express writes them. */
const card =
  /(?<!\d)(?<!\d\.)(?:\d{13,19}|\d{4}([ .\u00a0-])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?|\d{4}([ .\u00a0-])\d{6}\2\d{5})(?!\d)/g;

export const cards: Finder = byShape(card, (match) => {
  const [whole, separator] = match;
  if (isCard(whole)) return { start: match.index, end: match.index + whole.length };
  const sixteen = separator === undefined ? whole : whole.slice(0, 19);
  return sixteen !== whole && isCard(sixteen) ? { start: match.index, end: match.index + sixteen.length } : undefined;
});

/** Luhn's sum, and a first digit that issuers have. Pure. */
export function isCard(text: string): boolean {
  const digits = text.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || !/^[2-6]/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = (digits.charCodeAt(digits.length - 1 - i) - 0x30) * (i % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
