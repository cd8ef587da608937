import { Problem } from "./problem.ts";

/** One document of a manifest file, with the words an error needs to name its place. */
export type Document = { value: unknown; source: string; index: number };

/**
 * Documents out of YAML or JSON text. Bun's parser names no line, so each document is parsed alone and the error names file and document.
 * @throws Problem `invalid`
 */
export function parseDocuments(text: string, source: string): Document[] {
  const documents: Document[] = [];
  for (const [position, part] of splitDocuments(text).entries()) {
    let value: unknown;
    try {
      value = Bun.YAML.parse(part);
    } catch (error) {
      throw new Problem("invalid", `${source}, document ${position + 1}: this is not valid YAML`, { cause: error });
    }
    if (isBeyond(value))
      throw new Problem(
        "invalid",
        `${source}, document ${position + 1}: its aliases make more of it than there is room for`,
      );
    if (value !== null && value !== undefined) documents.push({ value, source, index: position + 1 });
  }
  return documents;
}

/** In characters, each value being one at least. */
const mostWritten = 64 * 1024 * 1024;

/**
 * Whether it is more than that once it is written out: aliases make a terabyte of a few lines (the "billion laughs"), and one that leads to what it
 * stands in makes it endless.
 */
function isBeyond(document: unknown): boolean {
  let left = mostWritten;
  const within = new Set<object>();
  const fits = (value: unknown): boolean => {
    left -= typeof value === "string" ? value.length + 1 : 1;
    if (left < 0) return false;
    if (typeof value !== "object" || value === null) return true;
    if (within.has(value)) return false;
    within.add(value);
    const all = Object.entries(value).every(([key, inner]) => {
      left -= key.length;
      return fits(inner);
    });
    within.delete(value);
    return all;
  };
  return !fits(document);
}

export const toYaml = (value: unknown): string => `${Bun.YAML.stringify(value, null, 2).trimEnd()}\n`;

/** Splits at lines that start a document (`---`, YAML 1.2 §9.1.2). Block scalars are indented, so `---` at column 0 is always a marker. */
function splitDocuments(text: string): string[] {
  const parts: string[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (/^---(\s|$)/.test(line)) parts.push([line.slice(3)]);
    else if (/^\.\.\.\s*$/.test(line)) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  const texts = parts.map((lines) => lines.join("\n"));
  return texts[0]?.trim() === "" && texts.length > 1 ? texts.slice(1) : texts;
}
