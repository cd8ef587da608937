/** Words that say nothing of which tool is meant. */
const empty = new Set(
  `a about all also am an and any are as at be been but by can could do does for from had has have help how i if in into is it its just let like
  me my need of on or our out please so some that the their them then there these they this those to too tool tools us use used using via want was
  we were what when where whether which who will with would you your`.split(/\s+/),
);

/**
 * The words of a text as they are compared: small letters, no accents, without endings; names are cut where `_`, `-` or a capital parts them, and
 * scripts without spaces into pairs of characters.
 */
export function wordsOf(text: string): string[] {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
  const found: string[] = [];
  for (const [piece] of plain.matchAll(parts)) {
    const word = piece.toLowerCase();
    if (unspaced.test(word)) found.push(...pairsOf(word));
    else if (!empty.has(word) && !/^[a-z]$/.test(word)) found.push(stemOf(word));
  }
  return found;
}

/** `k8s`, `HTML` of `HTMLPage`, `Page` and `page2`, and what is left: one capital, or digits. */
const parts =
  /\p{L}\p{N}+\p{L}*|\p{Lu}[\p{Lu}\p{N}]*(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}][\p{Ll}\p{Lo}\p{Lm}\p{N}]*|\p{N}+/gu;
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

function pairsOf(word: string): string[] {
  const chars = [...word];
  return chars.length < 2 ? chars : chars.slice(1).map((char, index) => `${chars[index]}${char}`);
}

const stems = new Map<string, string>();
/** Texts are others', so what is remembered has a bound. */
const mostStems = 20_000;

/** The same for `create`, `creates`, `created`, `creating` and `creation`. It need not be a word. */
export function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const stem = withoutEndings(word);
  if (stems.size >= mostStems) stems.clear();
  stems.set(word, stem);
  return stem;
}

const endings: readonly [RegExp, string][] = [
  [/ies$/, "y"],
  [/([^su])s$/, "$1"],
  [/([aeiouy].*[^e])ed$/, "$1"],
  [/([aeiouy].*)ing$/, "$1"],
  [/([aeiouy].*[st])ion$/, "$1"],
  [/(.{4,})at$/, "$1"],
  [/(..)e$/, "$1"],
  [/([^aeiou])y$/, "$1i"],
  [/([^aeiou])\1$/, "$1"],
];

function withoutEndings(word: string): string {
  if (word.length < 4 || word.length > 40) return word;
  let stem = word;
  for (const [ending, left] of endings) {
    const shorter = stem.replace(ending, left);
    if (shorter.length >= 3) stem = shorter;
  }
  return stem;
}
