/** At most so many characters, with a sign where something is missing. Half a letter at the end is none. */
export const cut = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `${text
        .slice(0, Math.max(0, most - 1))
        .trimEnd()
        .toWellFormed()}…`;

/** At most so many columns of a terminal, in which some letters take two and some none. */
export function cutToWidth(text: string, columns: number): string {
  if (Bun.stringWidth(text) <= columns) return text;
  let shown = "";
  for (const { segment } of new Intl.Segmenter("en").segment(text)) {
    if (Bun.stringWidth(shown + segment) > columns - 1) break;
    shown += segment;
  }
  return `${shown.trimEnd()}…`;
}

/** The same on one line. */
export const oneLine = (text: string, most: number): string => cut(text.replace(/\s+/g, " ").trim(), most);
