/** The names of a file's tests: what stands first in `test(…)` or after the rows of `test.each(…)`, and what a weakness is about. */
export async function namesIn(file: string): Promise<Set<string>> {
  const text = (await Bun.file(file).exists()) ? await Bun.file(file).text() : "";
  const named = text.matchAll(/(?:\btest\(|\)\(|\bwhat:)\s*("(?:[^"\\]|\\.)*")/g);
  return new Set([...named].map(([, name]) => JSON.parse(name ?? '""') as string));
}
