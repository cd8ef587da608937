import { once } from "../../lib/once.ts";

/** Taken from a word in this order; what would be left of it has three letters at least. */
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

/** Words that say nothing of which tool is meant. */
const empty = new Set(
  `a about all also am an and any are as at be been but by call called can could do does for from had has have help how i if in into is it its just
  let like me my named need of on or our out please so some that the their them then there these they this those to too tool tools us use used
  using via want was we were what when where whether which who will with would you your`.split(/\s+/),
);

/** Words of everyday talk: they count, but little, since the few tools that have them are not about them. */
const faint = once(
  () =>
    new Set(
      `again already another anything automatically big both current different each else ever every everybody everything far few first full give given
  go good got great happen happened keep large last latest left little long look made make many matter maybe mean month morning most much must near
  never new newest next night now old once one only open other others own part quickly rather ready really recent right same say see since small
  something sometimes soon still sure take tell than thing think today tomorrow tonight try turn two very way week well whenever whole within
  without wrong year yesterday yet`
        .split(/\s+/)
        .map(withoutEndings),
    ),
);
export const isFaint = (stem: string): boolean => faint().has(stem);

/** `PRs`, `k8s`, `HTML` of `HTMLPage`, `Page` and `page2`, and what is left: one capital, or digits. */
const asciiParts = /[A-Z]{2,}s(?![a-z])|[A-Za-z]\d+[A-Za-z]*|[A-Z][A-Z\d]*(?![a-z])|[A-Z]?[a-z][a-z\d]*|\d+/g;
const parts =
  /[A-Z]{2,}s(?!\p{Ll})|\p{L}\p{N}+\p{L}*|\p{Lu}[\p{Lu}\p{N}]*(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}][\p{Ll}\p{Lo}\p{Lm}\p{N}]*|\p{N}+/gu;
const beyondAscii = /[^\0-\x7f]/;
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]/u;

/**
 * The words of a text as they are compared: small letters, no accents, without endings; names are cut where `_`, `-` or a capital parts them, and
 * scripts without spaces into pairs of characters.
 */
export function wordsOf(text: string): string[] {
  const isAscii = !beyondAscii.test(text);
  const pieces = isAscii ? text.match(asciiParts) : text.normalize("NFKD").replaceAll(/\p{M}/gu, "").match(parts);
  const found: string[] = [];
  for (const piece of pieces ?? [])
    if (!isAscii && unspaced.test(piece)) found.push(...pairsOf(piece));
    else {
      const word = stemOf(piece);
      if (word !== "") found.push(word);
    }
  return found;
}

function pairsOf(word: string): string[] {
  const chars = [...word];
  return chars.length < 2 ? chars : chars.slice(1).map((char, index) => `${chars[index]}${char}`);
}

const stems = new Map<string, string>();
/** Texts are others', so what is remembered has a bound. */
const mostStems = 20_000;
const longestWord = 40;

/** The same for `create`, `Creates`, `created` and `creation`; it need not be a word. Empty for what says nothing. */
export function stemOf(piece: string): string {
  if (piece.length > longestWord) return piece.toLowerCase();
  const known = stems.get(piece);
  if (known !== undefined) return known;
  const word = (/^[A-Z]{2,}s$/.test(piece) ? piece.slice(0, -1) : piece).toLowerCase();
  const stem = empty.has(word) || /^[a-z]$/.test(word) ? "" : withoutEndings(word);
  if (stems.size >= mostStems) stems.clear();
  stems.set(piece, stem);
  return stem;
}

function withoutEndings(word: string): string {
  if (word.length < 4) return word;
  let stem = word;
  for (const [ending, left] of endings) {
    const shorter = stem.replace(ending, left);
    if (shorter.length >= 3) stem = shorter;
  }
  return stem;
}
