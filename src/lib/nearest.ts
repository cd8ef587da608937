/**
 * The known word nearest to a misspelt one, or undefined when nothing is near enough to be meant. Where none is near as a whole, one whose
 * first words are: `memory` is short for `memoryMib`.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const words = [...known];
  return (
    nearestBy(word, words, Math.max(1, Math.floor(word.length / 3)), (candidate) => candidate) ??
    nearestBy(word, words, Math.floor(word.length / 4), (candidate) => firstWords(candidate, word.length))
  );
}

type PartOf = (candidate: string) => string | undefined;

function nearestBy(word: string, known: readonly string[], farthest: number, partOf: PartOf): string | undefined {
  let best: string | undefined;
  let bestDistance = farthest + 1;
  for (const candidate of known) {
    const part = partOf(candidate);
    if (part === undefined) continue;
    const distance = editDistance(word.toLowerCase(), part.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

const shortest = 3;

/** So many letters of it, where a word within it ends there. */
const firstWords = (text: string, length: number): string | undefined =>
  length >= shortest && /^[-_A-Z]/.test(text.slice(length)) ? text.slice(0, length) : undefined;

/** " Did you mean X?" or nothing: the tail of a message about an unknown word. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const match = nearest(word, known);
  return match === undefined ? "" : ` Did you mean "${match}"?`;
}

/** Levenshtein distance with adjacent swaps counted once; words here are short, so the plain table will do. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8 || a.length > 64) return 99;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 99) + 1, (row[j - 1] ?? 99) + 1, (last[j - 1] ?? 99) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (beforeLast[j - 2] ?? 99) + 1);
      }
      row.push(value);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 99;
}
