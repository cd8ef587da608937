import { type Member, type Span, skipSpace, skipString } from "../../spans.ts";
import type { Shaper } from "../run.ts";
import type { Edit, Held } from "./result.ts";

/** A string, or a number as long as a card's; `key` is the nearest one above it. */
type Leaf = Span & { key: string; text: string; isKey: boolean };

const between = "\n\u001e\n";
const longNumber = 13;

/**
 * What the stages that work everywhere make of a result's structured content: its strings, the names of its members, and long numbers, each in its
 * place. All go through in one text, each behind its name, since `hunter2` alone is no password.
 */
export async function structuredEdits(
  result: string,
  members: readonly Member[],
  shaper: Shaper,
): Promise<Edit[] | Held> {
  const edits: Edit[] = [];
  for (const { start, end } of members.filter(({ key }) => key === "structuredContent")) {
    const leaves = leavesIn(result, { start, end });
    const lines = leaves.map(({ key, text, isKey }) => (isKey ? text : `${key}: ${text}`));
    const ran = await shaper.run(lines.join(between), "everywhere");
    if (ran.held) return { held: ran.content };
    const shaped = ran.content.split(between);
    const renamed = namesAfresh(leaves);
    for (const [index, leaf] of leaves.entries()) {
      const line = lines[index] ?? "";
      let text = shaped.length === lines.length ? withoutName(leaf, line, shaped[index] ?? "") : undefined;
      if (text === undefined) {
        const own = await shaper.run(leaf.text, "everywhere");
        if (own.held) return { held: own.content };
        text = own.content;
      }
      if (text !== leaf.text)
        edits.push({
          start: leaf.start,
          end: leaf.end,
          text: JSON.stringify(leaf.isKey ? renamed(leaf.text, text) : text),
        });
    }
  }
  return edits;
}

/** The leaf's own text out of its line; undefined when its name is another now. */
function withoutName({ key, text, isKey }: Leaf, line: string, shaped: string): string | undefined {
  if (shaped === line) return text;
  if (isKey) return shaped;
  return shaped.startsWith(`${key}: `) ? shaped.slice(key.length + 2) : undefined;
}

/** Two members whose names are hidden must not come to have the same one. */
function namesAfresh(leaves: readonly Leaf[]) {
  const taken = new Set(leaves.filter(({ isKey }) => isKey).map(({ text }) => text));
  const given = new Map<string, string>();
  return (old: string, wanted: string): string => {
    const known = given.get(old);
    if (known !== undefined) return known;
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted} ${n}`;
    taken.add(name);
    given.set(old, name);
    return name;
  };
}

const number = /-?\d[\d.eE+-]*/y;

function leavesIn(text: string, { start, end }: Span): Leaf[] {
  const leaves: Leaf[] = [];
  const keys: string[] = [];
  let key = "";
  for (let at = start; at < end; at++) {
    const character = text[at];
    if (character === "{" || character === "[") keys.push(key);
    else if (character === "}" || character === "]") key = keys.pop() ?? "";
    else if (character === ",") key = keys.at(-1) ?? key;
    else if (character === '"') {
      const stop = skipString(text, at);
      const inner = JSON.parse(text.slice(at, stop)) as string;
      const isKey = text[skipSpace(text, stop)] === ":";
      leaves.push({ start: at, end: stop, key, text: inner, isKey });
      if (isKey) key = inner;
      at = stop - 1;
    } else if (character !== undefined && character >= "0" && character <= "9") {
      number.lastIndex = at;
      const stop = at + (number.exec(text)?.[0].length ?? 1);
      const from = text[at - 1] === "-" ? at - 1 : at;
      if (stop - at >= longNumber)
        leaves.push({ start: from, end: stop, key, text: text.slice(from, stop), isKey: false });
      at = stop - 1;
    }
  }
  return leaves;
}
