const mostLines = 1_000;
const mostCharacters = 256 * 1024;
const longestLine = 4 * 1024;

/** The last lines a process wrote to standard error, within bounds whatever it writes, and who follows them. */
export type LogRing = ReturnType<typeof logRing>;

export function logRing() {
  const lines: string[] = [];
  let characters = 0;
  let total = 0;
  const followers = new Set<(line: string) => void>();

  return {
    add(line: string): void {
      const kept = line.slice(0, longestLine);
      lines.push(kept);
      total++;
      characters += kept.length;
      while (lines.length > mostLines || characters > mostCharacters) characters -= lines.shift()?.length ?? 0;
      for (const follower of followers) follower(kept);
    },
    tail: (count: number): string[] => (count === 0 ? [] : lines.slice(-count)),
    follow(listener: (line: string) => void): () => void {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    /** How many lines there have been; `since` answers those after that many, as far as they are kept. */
    total: (): number => total,
    since: (mark: number, count: number): string[] =>
      total === mark ? [] : lines.slice(-Math.min(count, total - mark)),
  };
}
