/** What a pattern may match: in how many ways at one place, and from how many to how many characters. */
type Reach = { ways: number; least: number; most: number };

const mostWays = 1_000;
export const longestMatch = 4_096;

/**
 * Why a pattern of somebody's own cannot be used, or undefined. A pattern is tried at each place of a text, in each of its ways, so that their
 * number is what a hostile text costs: nested quantifiers have millions, and one without a bound has as many as the text is long. Pure.
 */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern, "u");
  } catch {
    return "is no regular expression";
  }
  const reach = reachOf(pattern);
  if (typeof reach === "string") return reach;
  if (reach.least === 0) return "also matches nothing at all";
  if (reach.most > longestMatch) return `may match more than ${longestMatch} characters`;
  return reach.ways > mostWays
    ? `can be tried in more than ${mostWays} ways at one place: repeat less, and no group that repeats itself`
    : undefined;
}

const nothing: Reach = { ways: 1, least: 0, most: 0 };
const one: Reach = { ways: 1, least: 1, most: 2 };
const quantifier = /(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/y;
const escaped = /\\(?:[pPu]\{[^}]*\}|u[\dA-Fa-f]{4}|x[\dA-Fa-f]{2}|c[A-Za-z]|[\s\S])/y;
const group = /\((?:\?(?:<[A-Za-z_$][\w$]*>|[ims-]*:))?/y;
const characters = /\[(?:\\[\s\S]|[^\]\\])*\]/y;

/** Of a pattern that is valid; in words what it has that none may have. */
function reachOf(pattern: string): Reach | string {
  let at = 0;
  let fault: string | undefined;

  function take(shape: RegExp): RegExpExecArray | undefined {
    shape.lastIndex = at;
    const match = shape.exec(pattern) ?? undefined;
    if (match !== undefined) at += match[0].length;
    return match;
  }

  function alternatives(): Reach {
    let all = sequence();
    while (pattern[at] === "|") {
      at++;
      const next = sequence();
      all = { ways: all.ways + next.ways, least: Math.min(all.least, next.least), most: Math.max(all.most, next.most) };
    }
    return all;
  }

  function sequence(): Reach {
    let all = nothing;
    while (at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")" && fault === undefined) {
      const next = repeated(atom());
      all = { ways: all.ways * next.ways, least: all.least + next.least, most: all.most + next.most };
    }
    return all;
  }

  function atom(): Reach {
    const character = pattern[at];
    if (character === "(") {
      if (/^\(\?<?[=!]/.test(pattern.slice(at, at + 4))) fault = "looks ahead or behind, which costs too much";
      take(group);
      const inner = alternatives();
      at++;
      return inner;
    }
    if (character === "[") {
      take(characters);
      return one;
    }
    if (character === "\\") {
      const [written = ""] = take(escaped) ?? [];
      if (/^\\[1-9k]/.test(written)) fault = "refers back to a group, which costs too much";
      return /^\\[bB]$/.test(written) ? nothing : one;
    }
    at++;
    return character === "^" || character === "$" ? nothing : one;
  }

  function repeated(inner: Reach): Reach {
    const match = take(quantifier);
    if (match === undefined) return inner;
    const [, sign, from, comma, to] = match;
    if (sign === "*" || sign === "+" || (comma === "," && to === "")) {
      fault = "repeats without a bound: write {1,64} in place of +";
      return inner;
    }
    const least = sign === "?" ? 0 : Number(from);
    const most = sign === "?" ? 1 : comma === "," ? Number(to) : least;
    let ways = 0;
    for (let n = least; n <= most && ways <= mostWays; n++) ways += inner.ways ** n;
    return { ways, least: inner.least * least, most: inner.most * most };
  }

  const reach = alternatives();
  return fault ?? reach;
}
