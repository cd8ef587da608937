import { createHash } from "../lib/crypto.ts";
import { skipSpace, skipString } from "./spans.ts";

/** How deep a definition is looked into; what lies deeper is pinned as it is written. */
const deepest = 64;

/**
 * JSON text in one spelling: keys sorted, no blanks, escapes of strings undone (RFC 8785). Numbers stay as they are written, since reading
 * them would make 9007199254740993 and 9007199254740992 the same, and so do duplicate keys, of which two readers take different ones: texts of
 * different meaning never get one form. With `indent` one member a line, for people. `see` is told of every string and key.
 * @throws RangeError when it is too deep
 */
export function canonicalJson(text: string, indent = "", see?: (part: string) => void): string {
  let at = 0;

  function string(): string {
    const start = at;
    at = skipString(text, at);
    const value = JSON.parse(text.slice(start, at)) as string;
    see?.(value);
    return value;
  }

  /** What stands between brackets, piece by piece. */
  function inside<T>(close: string, piece: () => T): T[] {
    const pieces: T[] = [];
    for (at = skipSpace(text, at + 1); at < text.length && text[at] !== close; at = skipSpace(text, at)) {
      if (text[at] === ",") at++;
      else pieces.push(piece());
    }
    at++;
    return pieces;
  }

  function value(depth: number): string {
    if (depth > deepest) throw new RangeError("too deep");
    at = skipSpace(text, at);
    const first = text[at];
    if (first === '"') return JSON.stringify(string());
    if (first === "[")
      return joined(
        "[]",
        depth,
        inside("]", () => value(depth + 1)),
      );
    if (first === "{") {
      const members = inside("}", () => [string(), member(depth + 1)] as const);
      // Sorting is stable, so duplicates keep their order.
      const sorted = members.toSorted(([a], [b]) => compare(a, b));
      return joined(
        "{}",
        depth,
        sorted.map(([key, inner]) => `${JSON.stringify(key)}:${indent === "" ? "" : " "}${inner}`),
      );
    }
    const start = at;
    while (at < text.length && !",]} \t\r\n".includes(text[at] ?? "")) at++;
    if (at === start) throw new SyntaxError("not JSON");
    return text.slice(start, at);
  }

  function member(depth: number): string {
    at = skipSpace(text, at) + 1;
    return value(depth);
  }

  function joined(brackets: string, depth: number, pieces: readonly string[]): string {
    const [open, close] = brackets;
    if (indent === "" || pieces.length === 0) return `${open}${pieces.join(",")}${close}`;
    const pad = `\n${indent.repeat(depth)}`;
    return `${open}${pad}${indent}${pieces.join(`,${pad}${indent}`)}${pad}${close}`;
  }

  return value(0);
}

/** By UTF-16 code units, as RFC 8785 has it. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** SHA-256 over all members of an object, however it is spelt; what cannot be brought into one form is taken as it is written. */
export function contentHash(text: string): string {
  const hash = createHash("sha256");
  try {
    return hash.update(canonicalJson(text)).digest("hex");
  } catch {
    return hash.update(`as written\n${text}`).digest("hex");
  }
}
