import { isObject } from "../../../lib/object.ts";
import { messageOf, Problem } from "../../../lib/problem.ts";
import type { Change, FormatName } from "../client.ts";

/** The way to a value: keys, and the index of an item of a list. */
export type Path = readonly (string | number)[];

/**
 * A form of files in which a value can be put, replaced and taken out while all else stays as it is written. Texts in, texts out.
 * `read` throws Broken; `put` and `drop` may fail at what is written in an odd way, which is found out afterwards (see `merged`).
 */
export type Format = {
  title: string;
  read: (text: string) => unknown;
  put: (text: string, path: Path, value: unknown) => string;
  drop: (text: string, path: Path) => string;
  /** A whole document of this value. */
  write: (value: unknown) => string;
};

/** Text that is no document of its form. Lines and columns begin at 1. */
export class Broken extends Error {
  readonly line: number;
  readonly column: number;
  constructor(message: string, line: number, column: number) {
    super(message);
    this.line = line;
    this.column = column;
  }
}

/** Parsers are loaded for the one that is needed. */
export async function formatOf(name: FormatName): Promise<Format> {
  if (name === "json") return (await import("./json.ts")).json;
  if (name === "yaml") return (await import("./yaml.ts")).yaml;
  return (await import("./toml.ts")).toml;
}

/** @throws Problem `invalid` that says where the file is broken */
export function readDocument(format: Format, text: string, file: string): unknown {
  try {
    return format.read(text) ?? {};
  } catch (error) {
    const at = error instanceof Broken ? `, line ${error.line}, column ${error.column}` : "";
    throw new Problem("invalid", `${file}${at}: this is no ${format.title}: ${messageOf(error)}`, {
      hint: "mend it first: nothing was changed",
      cause: error,
    });
  }
}

/** What is at a place, if anything. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<string | number, unknown> | undefined)?.[step],
    document,
  );
}

/**
 * Where a change goes: onto the item of its list that it is about, or behind the last one.
 * @throws Problem `invalid` when something of another shape is in the way
 */
export function pathOf(document: unknown, { at, item, value }: Change, file: string): Path {
  for (const index of at.keys()) {
    const outer = valueAt(document, at.slice(0, index));
    if (outer !== undefined && outer !== null && !isObject(outer)) throw inTheWay(file, at.slice(0, index));
  }
  if (item === undefined) return at;
  const list = valueAt(document, at) ?? [];
  if (!Array.isArray(list)) throw inTheWay(file, at);
  const known = (one: unknown) => (item === "" ? one : (one as Record<string, unknown> | null)?.[item]);
  const found = list.findIndex((one) => Bun.deepEquals(known(one), known(value), true));
  return [...at, found < 0 ? list.length : found];
}

const inTheWay = (file: string, at: readonly string[]) =>
  new Problem("invalid", `${file}: ${at.join(".") || "the document"} is of another shape than the client has there`, {
    hint: "mend it first: nothing was changed",
  });

/**
 * The text with these values in their places. What was made is read again: when it says anything else than what was there and what was meant,
 * nothing is changed.
 * @throws Problem
 */
export function merged(format: Format, text: string, changes: readonly Change[], file: string): string {
  let now = text;
  for (const change of changes) {
    const document = readDocument(format, now, file);
    const path = pathOf(document, change, file);
    if (Bun.deepEquals(valueAt(document, path), change.value, true)) continue;
    now = proven(format, () => format.put(now, path, change.value), [withValue(document, path, change.value)], file);
  }
  return now;
}

/** The text without the value at a place; the map that it was alone in may go with it. @throws Problem */
export function without(format: Format, text: string, path: Path, file: string): string {
  const document = readDocument(format, text, file);
  const left = withValue(document, path, undefined);
  const above = path.slice(0, -1);
  const isEmpty = Bun.deepEquals(valueAt(left, above), {}, true);
  return proven(
    format,
    () => format.drop(text, path),
    [left, ...(isEmpty ? [withValue(left, above, undefined)] : [])],
    file,
  );
}

function proven(format: Format, edit: () => string, wanted: readonly unknown[], file: string): string {
  try {
    const text = edit();
    const now = plain(format.read(text));
    if (wanted.some((one) => Bun.deepEquals(now, plain(one), true))) return text;
  } catch (error) {
    if (error instanceof Problem) throw error;
  }
  throw new Problem("invalid", `${file} is written in a way that cannot be changed without changing more`, {
    hint: "nothing was changed: leave out --write, and paste what is printed",
  });
}

/** Dates and what else a parser has of its own, as their texts. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? {}));

/** A copy with the value there, or without what is there. */
function withValue(document: unknown, path: Path, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    const list = Array.isArray(document) ? [...document] : [];
    const inner = withValue(list[step], rest, value);
    list.splice(step, 1, ...(inner === undefined ? [] : [inner]));
    return list;
  }
  const { [step]: old, ...others } = isObject(document) ? document : {};
  const inner = withValue(old, rest, value);
  if (inner === undefined) return others;
  // At its place: the order of keys is no matter to a client, but to who reads it.
  return isObject(document) ? { ...document, [step]: inner } : { [step]: inner };
}
