/** A word as it is compared: by what stays of it without its endings, and by how it begins. */
export type Term = { stem: string; root: string };

/** What says nothing of a task, in English and German. */
const stopWords = new Set(
  (
    "a about after all also am an and any are as at be because been before but by can could did do does for from get give had has have he her " +
    "him his how i if in into is it its just let like make may me more most must my need no not of on one only or other our out over please " +
    "she should so some such than that the their them then there these they this to up us use using very want was we were what when where " +
    "which who will with would you your " +
    "aber als am auch auf aus bei bin bis bitte das dass dem den der des die dies diese dieser dieses doch dort du ein eine einem einen einer " +
    "eines er es fur hat habe haben hier ich ihr im ist ja kann kein keine mein mich mir mit muss nach nicht noch nur oder ohne sehr sein sich " +
    "sie sind soll uber um und uns unser vom von vor war was wenn wer wie wir wird wo zu zum zur"
  ).split(" "),
);

/** Written without spaces between words: two letters at a time stand for them. */
const unspaced = /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]+$/u;
const runs = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]+|[\p{L}\p{M}\p{N}]+/gu;

/** Pure. The words of a text in lower case and without accents; `createIssue` and `create_issue` are two each. */
export function wordsIn(text: string): string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .normalize("NFC")
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .replaceAll("ß", "ss");
  return (plain.match(runs) ?? []).flatMap((run) => (unspaced.test(run) ? pairsOf(run) : [run]));
}

function pairsOf(run: string): string[] {
  const letters = [...run];
  return letters.length < 2 ? letters : letters.slice(1).map((letter, index) => `${letters[index]}${letter}`);
}

/** Pure. What a text is about: its words without those that say nothing, each once, in their order. */
export function keywordsIn(text: string, most: number): string[] {
  const keywords = wordsIn(text).filter(
    (word) => !stopWords.has(word) && (word.length > 1 || !/^[\p{sc=Latin}\p{N}]$/u.test(word)),
  );
  return [...new Set(keywords)].slice(0, most);
}

/** How many letters two words begin alike with, so that one may be a part of the other: `deploy` and `deployment`. */
const rootLength = 6;

const terms = new Map<string, Term>();
const mostKept = 20_000;

/** Texts say the same words over and over. */
export function termOf(word: string): Term {
  const known = terms.get(word);
  if (known !== undefined) return known;
  if (terms.size >= mostKept) terms.clear();
  const term = { stem: stemOf(word), root: word.slice(0, rootLength) };
  terms.set(word, term);
  return term;
}

/** The ends of words, and how many letters must be left. */
const endings: readonly [ending: RegExp, put: string][] = [
  [/^(.{2,})ies$/u, "$1y"],
  [/^(.{2,}[^s])s$/u, "$1"],
  [/^(.{4,})(?:ungen|ings?|ung|ern|en|er|em|ed)$/u, "$1"],
  [/^(.{3,})e$/u, "$1"],
  // running, run
  [/^(.{2,})(.)\2$/u, "$1$2"],
];

/** Pure. The same for all forms of most words; it need be no word. What has digits stays as it is. */
export function stemOf(word: string): string {
  if (/\p{N}/u.test(word) || !/^\p{sc=Latin}/u.test(word)) return word;
  for (let stem = word; ; ) {
    const shorter = endings.reduce((rest, [ending, put]) => rest.replace(ending, put), stem);
    if (shorter === stem) return stem;
    stem = shorter;
  }
}
