const shortest = 4;

/**
 * The words of an index that a misspelt one may have meant: one letter off, two in long words, or begun alike. All of them, so that one more word
 * in the index takes no other away.
 */
export function nearWords(word: string, known: Iterable<string>): string[] {
  if (word.length < shortest) return [];
  const farthest = word.length < 7 ? 1 : 2;
  const found: string[] = [];
  for (const other of known)
    if (other.length >= shortest && (startsAlike(word, other) || isWithin(word, other, farthest))) found.push(other);
  return found;
}

/** One is the beginning of the other, and nearly as long: an abbreviation, or an ending that no rule knows. */
const startsAlike = (a: string, b: string): boolean =>
  (a.startsWith(b) || b.startsWith(a)) && Math.min(a.length, b.length) * 2 >= Math.max(a.length, b.length);

/** Whether so few letters must be put in, left out, exchanged or swapped. Misspellings seldom begin at the first letter. */
function isWithin(a: string, b: string, farthest: number): boolean {
  if (a[0] !== b[0] || Math.abs(a.length - b.length) > farthest) return false;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] as number) + 1, (row[j - 1] as number) + 1, (last[j - 1] as number) + differs);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        value = Math.min(value, (before[j - 2] as number) + 1);
      row.push(value);
      if (value < least) least = value;
    }
    if (least > farthest) return false;
    [before, last] = [last, row];
  }
  return (last[b.length] as number) <= farthest;
}
