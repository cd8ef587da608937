import { parsedJson } from "../../../lib/json.ts";
import { isObject } from "../../../lib/object.ts";
import type { Section } from "../stage.ts";
import { lineOf } from "./asking.ts";
import { formOf } from "./split/forms.ts";

/** Parsing more to say a line of it costs too much. */
const longestParsed = 64 * 1024;
const read = 4_000;
const mostNames = 12;

/** What a section is about by its form alone: the keys of an object, the length of a list, the headings within, or its first sentence. Pure. */
export function gist({ title, content, sections = [] }: Section): string {
  const data = dataIn(content);
  if (data !== undefined) return data;
  if (sections.length > 0) return names(sections.map((section) => section.title));
  const beginning = content.slice(0, read);
  const marks = marksOf(beginning);
  const inner = marks.filter((mark) => lineOf(mark, 160) !== title);
  const isProse = /[.!?]\s/.test(beginning) && formOf(beginning)?.name !== "code";
  const sentence = marks.length === 0 || isProse ? firstSentence(beginning.replace(/^#{1,6} .*$/gm, "").trim()) : "";
  return lineOf(
    [sentence, inner.length === 0 ? "" : `Within: ${names(inner)}`].filter((part) => part !== "").join(" "),
    400,
  );
}

/** What stands over the parts of a text, at the highest two levels. */
function marksOf(text: string): string[] {
  const find = formOf(text)?.finder();
  if (find === undefined) return [];
  return text.split("\n").flatMap((line, at) => find(line.slice(0, 500).trimEnd(), at)?.title ?? []);
}

const firstSentence = (text: string): string =>
  lineOf(/^[\s\S]{20,}?[.!?](?=\s|$)/.exec(text.slice(0, 600))?.[0] ?? text.slice(0, 200), 240);

function dataIn(content: string): string | undefined {
  if (content.length > longestParsed || !/^\s*[{[]/.test(content)) return undefined;
  return told(parsedJson(content));
}

function told(value: unknown): string | undefined {
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    const of = isObject(first) ? ` with ${names(Object.keys(first))}` : "";
    return `${value.length} ${value.length === 1 ? "entry" : "entries"}${of}`;
  }
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined)
    return `${lineOf(only[0], 60)}: ${told(only[1]) ?? lineOf(String(only[1]), 120)}`;
  return `Members: ${names(entries.map(([key, inner]) => (Array.isArray(inner) ? `${key} (${inner.length})` : key)))}`;
}

const names = (all: readonly string[]): string =>
  [
    ...all.slice(0, mostNames).map((name) => lineOf(name, 60)),
    ...(all.length > mostNames ? [`… (${all.length})`] : []),
  ].join(", ");
