/** What stands on top of every page that is made, so that nobody mends it by hand. */
export const madeFrom = (source: string): string =>
  `<!-- Made by \`bun scripts/docs.ts\` from ${source}: mend it there. -->\n`;

/** A cell: a bar would end it, and an angle bracket outside code would vanish. */
const cell = (text: string): string =>
  text
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ")
    .split(/(``.*?``|`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll("<", "&lt;")))
    .join("");

export const code = (text: string): string => {
  if (text === "") return "";
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
};

/** A table; nothing when it would have no rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return "";
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;

/** Paragraphs, with one blank line between them. */
export const page = (...parts: readonly (string | readonly string[])[]): string =>
  `${parts
    .flat()
    .filter((part) => part !== "")
    .join("\n\n")}\n`;
