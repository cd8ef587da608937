import { carriers, ownToken, secretWords } from "../../../../lib/secret-shapes.ts";
import type { Span } from "../../../spans.ts";
import { byShape, type Finder } from "./finder.ts";

const notWithinWord = "(?<![A-Za-z0-9])";
/** Tokens that say whose they are. A group stays. */
const tokens: readonly RegExp[] = [
  ownToken,
  // AWS
  new RegExp(
    `${notWithinWord}(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AIPA|ANPA|ANVA|AROA)[A-Z0-9]{16}(?![A-Za-z0-9])`,
    "g",
  ),
  // GitHub, GitLab
  /gh[pousr]_[A-Za-z0-9]{36,255}/g,
  /github_pat_[A-Za-z0-9_]{22,255}/g,
  /glpat-[\w-]{20,255}/g,
  // Slack
  /xox[a-z]-[A-Za-z0-9-]{10,255}/g,
  /xapp-[A-Za-z0-9-]{10,255}/g,
  /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/]{20,200}/g,
  // Models, payments, Google, npm, Hugging Face
  new RegExp(`${notWithinWord}sk-[A-Za-z0-9_-]{20,255}`, "g"),
  new RegExp(`${notWithinWord}[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}`, "g"),
  /AIza[\w-]{35}/g,
  /ya29\.[\w-]{20,1024}/g,
  new RegExp(`${notWithinWord}npm_[A-Za-z0-9]{36}`, "g"),
  new RegExp(`${notWithinWord}hf_[A-Za-z0-9]{30,255}`, "g"),
];

const name = `(?:${secretWords}|pwd|private[-_]?key|access[-_]?key|auth[-_]?key)([\\w-]{0,40})`;
const quoted = String.raw`"(?:[^"\\\n]|\\[^\n]){4,512}"|'(?:[^'\\\n]|\\[^\n]){4,512}'|\\{1,3}"[^"\n]{4,512}"`;
const bare = String.raw`["']?[^\s"'${"`"},;&<>]{4,512}`;
/** `api_key: …`, `"password": "…"`, `<secret>…`, also as JSON within JSON. */
const pair = new RegExp(String.raw`${name}(\\{0,3}["']?\s{0,4}(?::=|=>|[:=>])\s{0,4})(${quoted}|${bare})`, "gi");
/** `--password …` */
const flag = new RegExp(String.raw`-(?:\w{1,20}-){0,4}${name}(\s{1,4})(${quoted}|${bare})`, "gi");

function secretOf(match: RegExpExecArray): Span | undefined {
  const [whole, rest = "", , written = ""] = match;
  const value = written.replace(/^\\*["']|\\*["']$/g, "");
  const start = match.index + whole.length - written.length + written.indexOf(value);
  if (aboutSecrets.test(rest) || !isHardToGuess(value, value !== written)) return undefined;
  return { start, end: start + value.length };
}

/** `token_url` and `secretName` are no secrets. */
const aboutSecrets = /(?:file|path|dir|ur[il]|name|type|expir\w{0,10}|count|length|limit|ref|policy|endpoint)$/i;

/** Words, numbers, code and what stands for a value are easy to guess. Pure. */
function isHardToGuess(value: string, isQuoted: boolean): boolean {
  if (value.length < 6 || /^[\d.,:_TZ+-]+$/.test(value) || /^(?:https?:\/\/|\$\{|\{\{|<|\*{3}|\[redacted)/.test(value))
    return false;
  if (!isQuoted && /^[A-Za-z_$][\w$.]*[([{]/.test(value)) return false;
  const bits = entropyOf(value);
  if (/\d/.test(value) || /[^\w.\s-]/.test(value)) return bits >= 2.3;
  return value.length >= 16 && /[a-z]/.test(value) && /[A-Z]/.test(value) && !/[._ -]/.test(value) && bits >= 3.5;
}

/** Bits for each character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  const looked = text.slice(0, 128);
  for (const character of looked) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((bits, n) => bits - (n / looked.length) * Math.log2(n / looked.length), 0);
}

const inToken = /[\w-]/;

/** JSON Web Tokens, by the dot before their second part: its neighbours hold none, so that no character is gone through twice. */
const webTokens: Finder = (text, from, to) => {
  const found: Span[] = [];
  for (let dot = text.indexOf(".eyJ", from); dot >= 0 && dot < to; dot = text.indexOf(".eyJ", dot + 1)) {
    let start = dot;
    while (start > 0 && inToken.test(text[start - 1] ?? " ")) start--;
    const head = text.slice(start, dot).indexOf("eyJ");
    let end = dot + 1;
    for (let dots = 0; end < text.length; end++) {
      if (text[end] === ".") {
        if (++dots > 1) break;
      } else if (!inToken.test(text[end] ?? " ")) break;
    }
    if (head >= 0) found.push({ start: start + head, end });
    dot = end - 1;
  }
  return found;
};

const begins = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g;
const lines = /(?:(?:\\[nr]|\s){1,8}[A-Za-z0-9+/=]{16,200}(?![A-Za-z0-9+/=])){0,500}/y;
const longestHead = 100;
const longestKey = 64 * 1024;

/** Private keys in PEM; where the end is missing, as far as there are lines of it. */
const privateKeys: Finder = (text, from, to) => {
  const found: Span[] = [];
  const window = text.slice(from, to + longestHead);
  begins.lastIndex = 0;
  for (let match = begins.exec(window); match !== null && from + match.index < to; match = begins.exec(window)) {
    const body = from + match.index + match[0].length;
    const rest = text.slice(body, body + longestKey);
    const next = rest.indexOf("-----BEGIN ");
    const closing = (next < 0 ? rest : rest.slice(0, next)).indexOf("-----END ");
    lines.lastIndex = 0;
    const end = body + (closing >= 0 ? lineEnd(rest, closing) : (lines.exec(rest)?.[0].length ?? 0));
    found.push({ start: from + match.index, end });
  }
  return found;
};

function lineEnd(text: string, closing: number): number {
  const end = text.indexOf("-----", closing + "-----END ".length);
  return end >= 0 && end - closing < 80 ? end + 5 : closing + "-----END ".length;
}

export const secretFinders: readonly Finder[] = [
  ...tokens.map((shape) => byShape(shape)),
  ...carriers.map((shape) => byShape(shape)),
  byShape(pair, secretOf),
  byShape(flag, secretOf),
  webTokens,
  privateKeys,
];
