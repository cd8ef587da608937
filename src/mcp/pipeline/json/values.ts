import { shareOfTurn } from "../../../lib/share.ts";
import { type Span, skipString } from "../../spans.ts";
import { decoded, doubtful } from "./string.ts";

const deepest = 200;
/** So many characters between two looks at the clock. */
const stretch = 32 * 1024;

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/**
 * The values of a text that is JSON: one, or several one after the other, as lines of logs are and as the blocks of a result are when they are
 * joined. Undefined when it is anything else; only objects and arrays count. Nothing else here may measure a text that did not pass.
 */
export async function jsonValues(text: string): Promise<Span[] | undefined> {
  let at = skipBlank(text, 0);
  if (!opens(text, at)) return undefined;
  const roots: Span[] = [];
  const open: ("{" | "[")[] = [];
  const spent = shareOfTurn();
  let lookedAt = 0;
  let start = at;
  let wants: "value" | "key" | "end" = "value";
  for (;;) {
    if (at - lookedAt > stretch) {
      lookedAt = at;
      await spent();
    }
    const character = text[at];
    if (wants === "value") {
      if (character === "{" || character === "[") {
        if (open.push(character) > deepest) return undefined;
        at = skipBlank(text, at + 1);
        if (text[at] === (character === "{" ? "}" : "]")) wants = "end";
        else wants = character === "{" ? "key" : "value";
        continue;
      }
      const found = character === '"' ? stringEnd(text, at) : scalarEnd(text, at);
      const end = typeof found === "object" ? await found : found;
      if (end === undefined) return undefined;
      at = skipBlank(text, end);
      wants = "end";
    } else if (wants === "key") {
      const found = character === '"' ? stringEnd(text, at) : undefined;
      const end = typeof found === "object" ? await found : found;
      if (end === undefined) return undefined;
      at = skipBlank(text, end);
      if (text[at] !== ":") return undefined;
      at = skipBlank(text, at + 1);
      wants = "value";
    } else if (character === ",") {
      at = skipBlank(text, at + 1);
      wants = open.at(-1) === "{" ? "key" : "value";
    } else {
      if (character !== (open.pop() === "{" ? "}" : "]")) return undefined;
      at++;
      if (open.length === 0) {
        roots.push({ start, end: at });
        start = skipBlank(text, at);
        if (start === text.length) return roots;
        if (!opens(text, start)) return undefined;
        wants = "value";
        at = start;
      } else at = skipBlank(text, at);
    }
  }
}

const opens = (text: string, at: number) => text[at] === "{" || text[at] === "[";

function skipBlank(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

function scalarEnd(text: string, at: number): number | undefined {
  scalar.lastIndex = at;
  return scalar.test(text) ? scalar.lastIndex : undefined;
}

/** A promise only where the string is so long that it has to be. */
function stringEnd(text: string, start: number): number | undefined | Promise<number | undefined> {
  const end = skipString(text, start);
  if (end - start < 2 || text[end - 1] !== '"') return undefined;
  if (!doubtful.test(text.slice(start + 1, end - 1))) return end;
  if (end - start > stretch)
    return decoded(text, { start, end }).then(
      () => end,
      () => undefined,
    );
  try {
    JSON.parse(text.slice(start, end));
    return end;
  } catch {
    return undefined;
  }
}
