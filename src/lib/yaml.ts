import { parsedJson } from "./json.ts";
import { Problem } from "./problem.ts";

/** One document of a manifest file, with the words an error needs to name its place. */
export type Document = { value: unknown; source: string; index: number };

/** One that cannot be read, and why. */
export type Unreadable = { error: Problem; source: string; index: number };

/**
 * Documents out of YAML or JSON text. Bun's parser names no line, so each document is parsed alone and the error names file and document.
 * @throws Problem `invalid`
 */
export const parseDocuments = (text: string, source: string): Document[] =>
  readDocuments(text, source).map((one) => {
    if ("error" in one) throw one.error;
    return one;
  });

/** The same, where one that cannot be read leaves the others as they are. */
export function readDocuments(text: string, source: string): (Document | Unreadable)[] {
  return splitDocuments(text).flatMap((part, position): (Document | Unreadable)[] => {
    const index = position + 1;
    const unreadable = (what: string, cause?: unknown): Unreadable[] => [
      { error: new Problem("invalid", `${source}, document ${index}: ${what}`, { cause }), source, index },
    ];
    let value: unknown;
    try {
      value = Bun.YAML.parse(part);
    } catch (error) {
      return unreadable("this is not valid YAML", error);
    }
    if (isBeyond(value)) return unreadable("its aliases make more of it than there is room for");
    return value === null || value === undefined ? [] : [{ value, source, index }];
  });
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

/** Texts of several lines stand as such, so that they can be read, edited and compared. */
export const toYaml = (value: unknown): string =>
  `${Bun.YAML.stringify(value, null, 2)
    .trimEnd()
    .replace(quotedLines, (line, indent: string, lead: string, quoted: string) => {
      const text = parsedJson(quoted);
      return typeof text === "string" && isLiteral(text)
        ? `${indent}${lead}${literal(text, `${indent}${lead.replace(/[^- ].*$/, "").replaceAll("-", " ")}  `)}`
        : line;
    })}\n`;

const quotedLines = /^( *)((?:- )*(?:[A-Za-z][\w-]*: )?)("(?:[^"\\]|\\.)*\\n(?:[^"\\]|\\.)*")$/gm;

/** What a block can hold as it is: printable, and without blanks or empty lines at either end that would be taken for its layout. */
const isLiteral = (text: string): boolean =>
  !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffe\uffff]/u.test(text.replaceAll("\n", "")) &&
  !/^[\s]|\n\n$|[ \t]\n|[ \t]$/.test(text);

const literal = (text: string, indent: string): string =>
  `|${text.endsWith("\n") ? "" : "-"}\n${text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => (line === "" ? "" : indent + line))
    .join("\n")}`;

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
