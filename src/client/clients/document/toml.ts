import { parse, stringify, TomlError } from "smol-toml";
import { Broken, type Format, type Path } from "./document.ts";

/**
 * TOML, of which a table with a header of its own is put in or taken out as lines. There is no parser that writes back what it read
 * (decision 2), so the lines are found by their headers, and what comes out is compared with what was meant (see `merged`).
 */
export const toml: Format = {
  title: "TOML",
  read(text) {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const reason = /^Invalid TOML document: (.*)/.exec(error.message)?.[1] ?? "it is not valid";
      throw new Broken(reason, error.line, error.column);
    }
  },
  put(text, path, value) {
    const eol = text.includes("\r\n") ? "\r\n" : "\n";
    const lines = text.split(/\r?\n/);
    const table = tableOf(path, value);
    const { start, end } = placeOf(lines, path);
    if (start < lines.length) lines.splice(start, end - start, ...table, ...(end < lines.length ? [""] : [""]));
    else {
      while (lines.at(-1)?.trim() === "") lines.pop();
      lines.push(...(lines.length > 0 ? [""] : []), ...table, "");
    }
    return lines.join(eol);
  },
  drop(text, path) {
    const eol = text.includes("\r\n") ? "\r\n" : "\n";
    const lines = text.split(/\r?\n/);
    const { start, end } = placeOf(lines, path);
    lines.splice(start, end - start);
    if (end >= lines.length + (end - start)) {
      while (lines.at(-1)?.trim() === "") lines.pop();
      if (lines.length > 0) lines.push("");
    }
    return lines.join(eol);
  },
  write: (value) => written(value as Record<string, unknown>, []).join("\n"),
};

const bareKey = /^[A-Za-z0-9_-]+$/;
const keyOf = (key: string | number): string => (bareKey.test(String(key)) ? String(key) : JSON.stringify(String(key)));

function tableOf(path: Path, value: unknown): string[] {
  const fields = Object.entries(value as Record<string, unknown>);
  return [`[${path.map(keyOf).join(".")}]`, ...fields.map(([key, field]) => `${keyOf(key)} = ${inline(field)}`)];
}

/** On one line, without a trailing comma: an inline table of TOML 1.0 takes neither. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value === "object" && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, field]) => `${keyOf(key)} = ${inline(field)}`)
      .join(", ")} }`;
  return stringify({ value })
    .trim()
    .replace(/^value = /, "");
}

/** Tables two levels below the document, which is where clients have their servers. */
function written(document: Record<string, unknown>, above: readonly string[]): string[] {
  return Object.entries(document).flatMap(([key, value]) =>
    above.length === 0 ? written(value as Record<string, unknown>, [key]) : [...tableOf([...above, key], value), ""],
  );
}

/** The lines of a table and of those below it; at the end when there is none. Comments right above the next header are that one's. */
function placeOf(lines: readonly string[], path: Path): { start: number; end: number } {
  const isOurs = (line: string) => {
    const header = headerOf(line);
    return header !== undefined && path.every((step, index) => header[index] === step);
  };
  const start = lines.findIndex(isOurs);
  if (start < 0) return { start: lines.length, end: lines.length };
  let end = start + 1;
  while (end < lines.length && (headerOf(lines[end] ?? "") === undefined || isOurs(lines[end] ?? ""))) end++;
  if (end < lines.length) while (end > start + 1 && /^\s*#/.test(lines[end - 1] ?? "")) end--;
  return { start, end };
}

/** The keys of a line that is the header of a table. */
function headerOf(line: string): string[] | undefined {
  const inner = /^\s*\[\[?((?:[^\]"'#]|"(?:[^"\\]|\\.)*"|'[^']*')+)\]\]?\s*(?:#.*)?$/.exec(line)?.[1];
  return inner === undefined
    ? undefined
    : [...inner.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}
