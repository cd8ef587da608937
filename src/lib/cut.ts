/** At most so many characters, with a sign where something is missing. Half a letter at the end is none. */
export const cut = (text: string, most: number): string =>
  text.length <= most
    ? text
    : `${text
        .slice(0, Math.max(0, most - 1))
        .trimEnd()
        .toWellFormed()}…`;

/** The same on one line. */
export const oneLine = (text: string, most: number): string => cut(text.replace(/\s+/g, " ").trim(), most);
