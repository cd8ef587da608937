import { createScanner, type Node, type ParseError, parse, parseTree, printParseErrorCode } from "jsonc-parser";
import { Broken, type Format, type Path } from "./document.ts";

/**
 * JSON with comments and trailing commas, as editors and agents write it. The package says where things stand; its own edits would lay out
 * anew what stands around them, and take comments along.
 */
export const json: Format = {
  title: "JSON",
  read(text) {
    const errors: ParseError[] = [];
    const value: unknown = parse(bare(text), errors, lenient);
    const [first] = errors;
    if (first === undefined) return value;
    const before = bare(text).slice(0, first.offset).split("\n");
    throw new Broken(worded(printParseErrorCode(first.error)), before.length, (before.at(-1)?.length ?? 0) + 1);
  },
  put: (text, path, value) => marked(text, (rest) => put(rest.trim() === "" ? "{}\n" : rest, path, value)),
  drop: (text, path) => marked(text, (rest) => drop(rest, path)),
  write: (value) => `${JSON.stringify(value, null, 2)}\n`,
};

const lenient = { allowTrailingComma: true, allowEmptyContent: true };
const mark = "\ufeff";
const bare = (text: string): string => (text.startsWith(mark) ? text.slice(1) : text);
const marked = (text: string, edit: (rest: string) => string): string =>
  (text.startsWith(mark) ? mark : "") + edit(bare(text));
/** `ValueExpected` as people say it. */
const worded = (code: string): string => code.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();

const endOf = ({ offset, length }: Node): number => offset + length;
const spliced = (text: string, start: number, end: number, content: string): string =>
  text.slice(0, start) + content + text.slice(end);

/** The property or item that a step leads to, and its value. */
function childAt(node: Node, step: string | number): { child: Node; value: Node | undefined } | undefined {
  const children = node.children ?? [];
  if (typeof step === "number") {
    const child = children[step];
    return child === undefined ? undefined : { child, value: child };
  }
  // The last of several of a name is the one that counts.
  const child = children.findLast(({ children: [key] = [] }) => key?.value === step);
  return child === undefined ? undefined : { child, value: child.children?.[1] };
}

function put(text: string, path: Path, value: unknown): string {
  let node = parseTree(text, [], lenient);
  for (const [depth, step] of path.entries()) {
    if (node === undefined) break;
    const rest = path.slice(depth + 1);
    const found = childAt(node, step);
    if (found?.value === undefined) return inserted(text, node, step, nested(rest, value));
    if (rest.length === 0 || found.value.children === undefined)
      return spliced(
        text,
        found.value.offset,
        endOf(found.value),
        pretty(text, nested(rest, value), indentAt(text, found.child.offset)),
      );
    node = found.value;
  }
  return text;
}

/** `{"a": {"b": value}}` for what is not there yet; an index begins a list. */
const nested = (path: Path, value: unknown): unknown =>
  path.reduceRight<unknown>((inner, step) => (typeof step === "number" ? [inner] : { [step]: inner }), value);

function inserted(text: string, node: Node, step: string | number, value: unknown): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const key = typeof step === "number" ? "" : `${JSON.stringify(step)}: `;
  const last = node.children?.at(-1);
  if (last === undefined) {
    const outer = indentAt(text, node.offset);
    const inner = outer + unitOf(text);
    const inside = text.slice(node.offset + 1, endOf(node) - 1).trimEnd();
    const content = `${inside}${eol}${inner}${key}${pretty(text, value, inner)}${eol}${outer}`;
    return spliced(text, node.offset + 1, endOf(node) - 1, content);
  }
  const comma = commaAfter(text, endOf(last), endOf(node) - 1);
  const isAlone = isFirstOfLine(text, last.offset);
  const indent = indentAt(text, last.offset);
  const entry = isAlone ? `${eol}${indent}${key}${pretty(text, value, indent)}` : ` ${key}${JSON.stringify(value)}`;
  const after = comma === undefined ? endOf(last) : comma + 1;
  // What is said beside the last one stays beside it.
  const at =
    after +
    (isAlone
      ? (/^[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/[ \t]*)?(?=\r?\n)/.exec(text.slice(after))?.[0].length ?? 0)
      : 0);
  return (
    text.slice(0, endOf(last)) +
    (comma === undefined ? "," : "") +
    text.slice(endOf(last), at) +
    entry +
    (comma === undefined ? "" : ",") +
    text.slice(at)
  );
}

function drop(text: string, path: Path): string {
  const node = path
    .slice(0, -1)
    .reduce<Node | undefined>((inside, step) => inside && childAt(inside, step)?.value, parseTree(text, [], lenient));
  const found = node && childAt(node, path.at(-1) ?? "")?.child;
  if (node === undefined || found === undefined) return text;
  const siblings = node.children ?? [];
  const before = siblings[siblings.indexOf(found) - 1];
  const comma = commaAfter(text, endOf(found), endOf(node) - 1);
  const end = comma === undefined ? endOf(found) : comma + 1;
  const start = isFirstOfLine(text, found.offset)
    ? text.lastIndexOf("\n", found.offset) - (text[text.lastIndexOf("\n", found.offset) - 1] === "\r" ? 1 : 0)
    : found.offset;
  // The last one takes the comma before it along.
  const earlier =
    comma === undefined && before !== undefined ? commaAfter(text, endOf(before), found.offset) : undefined;
  const shortened = spliced(text, start, end, "");
  const left = earlier === undefined ? shortened : spliced(shortened, earlier, earlier + 1, "");
  if (siblings.length > 1) return left;
  // Nothing is left between its braces but the line that it stood on.
  const close = endOf(node) - 1 - (text.length - left.length);
  return left.slice(node.offset + 1, close).trim() === "" ? spliced(left, node.offset + 1, close, "") : left;
}

/** Where the comma is that follows, if one does: none of those within comments. */
function commaAfter(text: string, from: number, to: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(from);
  scanner.scan();
  const at = scanner.getTokenOffset();
  return at < to && text[at] === "," ? at : undefined;
}

const lineStart = (text: string, at: number): number => text.lastIndexOf("\n", at - 1) + 1;
const isFirstOfLine = (text: string, at: number): boolean =>
  lineStart(text, at) > 0 && text.slice(lineStart(text, at), at).trim() === "";
const indentAt = (text: string, at: number): string => /^[ \t]*/.exec(text.slice(lineStart(text, at)))?.[0] ?? "";
const unitOf = (text: string): string => /^([ \t]+)\S/m.exec(text)?.[1] ?? "  ";

/** Laid out as its neighbours are, from its second line on at this indent. */
function pretty(text: string, value: unknown, indent: string): string {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  return JSON.stringify(value, null, unitOf(text)).replaceAll("\n", eol + indent);
}
