import { skipSpace, skipString } from "./lexemes.ts";

/** Characters that are parsed at once, and as many are looked at. */
const bite = 128 * 1024;

/**
 * Whether a long text is a JSON object, found out in steps: the parser is given it in groups of members or elements, in which what is long itself and
 * was found to be well is an empty array. It is cut at commas only, so that all of it is JSON exactly when each group is.
 */
export function* isObjectText(text: string): Generator<void, boolean> {
  const levels: Level[] = [];
  let depth = -1;
  let seen = 0;
  const first = skipSpace(text, 0);
  if (text.charCodeAt(first) !== openBrace || !isBlank(text.slice(0, first))) return false;
  for (let i = first; i < text.length; i++) {
    if (i - seen > bite) {
      seen = i;
      yield;
    }
    const code = text.charCodeAt(i);
    if (code === quote) i = skipString(text, i) - 1;
    else if (code === openBrace || code === openBracket) {
      const level = levels[++depth] ?? new Level();
      levels[depth] = level;
      level.begin(code, i);
    } else if (code === comma) {
      const level = levels[depth];
      if (level !== undefined && i - level.from > bite && !level.cut(text, i)) return false;
    } else if (code === closeBrace || code === closeBracket) {
      const level = levels[depth--];
      if (level === undefined || code !== level.closes) return false;
      const outer = levels[depth];
      if (outer === undefined) return level.isWell(text, i) && isBlank(text.slice(i + 1));
      // What is short is a part of what it stands in.
      if (!level.isCut && i - level.start <= bite) continue;
      if (!level.isWell(text, i)) return false;
      outer.leaveOut(text, level.start, i + 1);
    }
  }
  return false;
}

/** An object or array that is being read. */
class Level {
  start = 0;
  closes = 0;
  /** From where on nothing of it was parsed. */
  from = 0;
  isCut = false;
  /** Of what was not, that which stands before something that was left out. */
  #before = "";

  begin(code: number, at: number): void {
    this.start = at;
    this.from = at + 1;
    this.closes = code === openBrace ? closeBrace : closeBracket;
    this.isCut = false;
    this.#before = "";
  }

  leaveOut(text: string, start: number, end: number): void {
    this.#before += `${text.slice(this.from, start)}[]`;
    this.from = end;
  }

  /** What stands before this comma is parsed. Answers whether it is well. */
  cut(text: string, at: number): boolean {
    this.isCut = true;
    const isWell = this.isWell(text, at);
    this.#before = "";
    this.from = at + 1;
    return isWell;
  }

  /** Whether what was not parsed yet is well. Between commas there has to be something. */
  isWell(text: string, to: number): boolean {
    const inner = this.#before + text.slice(this.from, to);
    if (this.isCut && isBlank(inner)) return false;
    try {
      JSON.parse(this.closes === closeBrace ? `{${inner}}` : `[${inner}]`);
      return true;
    } catch {
      return false;
    }
  }
}

const isBlank = (text: string): boolean => blank.test(text);
const blank = /^[ \t\r\n]*$/;

const quote = 0x22;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
