import type { ContentType, Section } from "../stage.ts";

/** The words under an index: how a model asks for a part of it. */
export function footerOf(type: ContentType, id: string, sections: readonly Section[], by: "section" | "page"): string {
  const again =
    type === "prompt"
      ? "get this prompt again with the same arguments and"
      : "call the same tool again with the same arguments and";
  const first = sections[0]?.id ?? "1";
  const part =
    by === "page"
      ? `\`_page\`: a number from 1 to ${sections.length}`
      : `\`_section\`: an id from the list, such as "${first}"`;
  return `---\nThis is not all of it. To read more, ${again} \`_resultId\`: "${id}" and ${part}; or \`_page\`: "all" for the whole.`;
}
