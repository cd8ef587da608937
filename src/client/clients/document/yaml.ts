import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { Broken, type Format, type Path } from "./document.ts";

/**
 * YAML, in which the lines of a value are put in, replaced or taken out. The package's own documents would be written back with other
 * blanks, indents and quotes all over; it says where things stand, and the text is changed only there.
 */
export const yaml: Format = {
  title: "YAML",
  read: (text) => parsed(text).toJS({ maxAliasCount: 100 }),
  put: (text, path, value) => inLines(text, (lines) => spliced(lines, path, value)),
  drop: (text, path) => inLines(text, (lines) => spliced(lines, path, undefined)),
  write: (value) => block(value, 0),
};

/** Lines that end as Windows has them go on doing so. */
function inLines(text: string, edit: (lines: string) => string): string {
  if (!text.includes("\r\n") || /(?<!\r)\n/.test(text)) return edit(text);
  return edit(text.replaceAll("\r\n", "\n")).replaceAll("\n", "\r\n");
}

const block = (value: unknown, indent: number): string =>
  stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }).replace(/^(?=.)/gm, " ".repeat(indent));

function parsed(text: string): Document.Parsed {
  const document = parseDocument(text, { logLevel: "silent" });
  const [error] = document.errors;
  if (error === undefined) return document;
  const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
  throw new Broken(error.message.split("\n")[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? "", line, col);
}

/** Walks as far as the text goes; what is missing from there on is put in, what is there is replaced or taken out. */
function spliced(text: string, path: Path, value: unknown): string {
  const { contents } = parsed(text);
  if (contents === null || !isMap(contents)) return appended(text, nested(path, value));
  let inside: YAMLMap | YAMLSeq = contents;
  for (const [depth, step] of path.entries()) {
    const rest = path.slice(depth + 1);
    const found = entryOf(inside, step);
    if (found === undefined) return inserted(text, inside, step, nested(rest, value));
    const inner = found.value;
    if (rest.length > 0 && (isMap(inner) || isSeq(inner)) && inner.items.length > 0) {
      inside = inner;
      continue;
    }
    // An empty one is written anew with what is to be in it.
    return replaced(
      text,
      inside,
      found,
      step,
      value === undefined && rest.length === 0 ? undefined : nested(rest, value),
    );
  }
  return text;
}

/** `a: {b: value}` for what is not there yet; an index begins a list. */
const nested = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, step) => (typeof step === "number" ? [inner] : { [step]: inner }), value);

type Entry = { start: number; end: number; value: unknown };
type Ranged = { range?: [number, number, number] | null };

function entryOf(inside: YAMLMap | YAMLSeq, step: string | number): Entry | undefined {
  if (isSeq(inside)) {
    const item = typeof step === "number" ? (inside.items[step] as Ranged | undefined) : undefined;
    return item?.range ? { start: item.range[0], end: item.range[1], value: item } : undefined;
  }
  const pair = inside.items.find(({ key }) => isScalar(key) && key.value === step) as
    | Pair<Scalar, Ranged | null>
    | undefined;
  if (pair === undefined) return undefined;
  const start = pair.key.range?.[0] ?? 0;
  return { start, end: pair.value?.range?.[1] ?? pair.key.range?.[1] ?? start, value: pair.value };
}

/** In a flow collection JSON is as good as YAML. */
const flow = (step: string | number, value: unknown) =>
  typeof step === "number" ? JSON.stringify(value) : `${JSON.stringify(step)}: ${JSON.stringify(value)}`;

function appended(text: string, value: unknown): string {
  const isEnded = text === "" || text.endsWith("\n");
  return `${text}${isEnded ? "" : "\n"}${block(value, 0)}`;
}

function inserted(text: string, inside: YAMLMap | YAMLSeq, step: string | number, value: unknown): string {
  const last = entryOf(
    inside,
    isSeq(inside) ? inside.items.length - 1 : String((inside.items.at(-1)?.key as Scalar | undefined)?.value),
  );
  if (last === undefined) return text;
  if (inside.flow === true) return `${text.slice(0, last.end)}, ${flow(step, value)}${text.slice(last.end)}`;
  const at = lineEnd(text, last.end);
  const column = columnOf(text, last.start, inside);
  const lines = block(isSeq(inside) ? [value] : { [step]: value }, column);
  return `${text.slice(0, at)}${at > 0 && text[at - 1] !== "\n" ? "\n" : ""}${lines}${text.slice(at)}`;
}

function replaced(
  text: string,
  inside: YAMLMap | YAMLSeq,
  found: Entry,
  step: string | number,
  value: unknown,
): string {
  if (inside.flow === true) {
    if (value !== undefined) return `${text.slice(0, found.start)}${flow(step, value)}${text.slice(found.end)}`;
    const before = text.slice(0, found.start).replace(/,\s*$/, "");
    const after = text.slice(found.end);
    return before.length < found.start && /,\s*$/.test(text.slice(0, found.start))
      ? before + after
      : before + after.replace(/^\s*,\s*/, "");
  }
  const column = columnOf(text, found.start, inside);
  const start = text.lastIndexOf("\n", found.start - 1) + 1;
  const end = lineEnd(text, found.end);
  const [before, after] = [text.slice(0, start), text.slice(end)];
  if (value !== undefined) {
    const lines = block(isSeq(inside) ? [value] : { [step]: value }, column);
    // What is said behind the old one goes behind the first line of the new.
    const said = end > found.end ? /^[ \t]*(#.*)/.exec(text.slice(found.end, end))?.[1] : undefined;
    return before + (said === undefined ? lines : lines.replace(/$/m, () => ` ${said}`)) + after;
  }
  if (inside.items.length > 1) return before + after;
  // The last one of its map, which would be null without it.
  const above = /:([ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*)$/.exec(before);
  if (above === null) return before + after;
  return `${before.slice(0, above.index + 1)} ${isSeq(inside) ? "[]" : "{}"}${above[1]}${after}`;
}

/** Where the entries of a block collection begin: for a list, its dashes. */
function columnOf(text: string, start: number, inside: YAMLMap | YAMLSeq): number {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  if (!isSeq(inside)) return start - from;
  return /^ */.exec(text.slice(from))?.[0].length ?? 0;
}

/** Behind the line in which something ends; a block ends where the next line begins already. */
function lineEnd(text: string, at: number): number {
  if (at > 0 && text[at - 1] === "\n") return at;
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}
