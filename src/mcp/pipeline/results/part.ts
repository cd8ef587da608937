import { oneLine } from "../../../lib/cut.ts";
import { Problem } from "../../../lib/problem.ts";
import type { Parts, Wanted } from "../cache/cache.ts";
import type { Section } from "../stage.ts";

/** What a model asks for at once, what it is given at once, and how much of an index. */
const bounds = { atOnce: 10, characters: 100_000, own: 24_000, lines: 100, title: 100, word: 200 } as const;

/** Whatever a small model writes around an id: `Section 3`, `#3.`, `[3]`. */
const plain = (text: string): string =>
  text
    .slice(0, bounds.word)
    .toLowerCase()
    .replace(/["'`[\](){}#\s]/g, "")
    .replace(/^(section|page)(?=\d)/, "")
    .replace(/\.{1,20}$/, "");

/** The part that is asked for, as text. @throws Problem `not_found` with what there is instead */
export function partOf({ original, sections, by }: Parts, { section, page }: Wanted): string {
  const wanted = [by === "page" ? page : section, section, page].find(
    (word) => word !== undefined && word.trim() !== "",
  );
  if (wanted === undefined) return indexOf(sections, by);
  if (plain(wanted) === "all") return original;
  const one = find(sections, wanted);
  if (one !== undefined) return textOf(one, by);
  const words = [...new Set(wanted.split(",").map((word) => word.trim()))].filter((word) => word !== "");
  const found = words.slice(0, bounds.atOnce).map((word) => find(sections, word));
  if (found.every((each) => each === undefined))
    throw new Problem("not_found", `There is no such ${by} in this result. ${indexOf(sections, by)}`);
  return several(
    found.filter((each) => each !== undefined),
    by,
    [
      ...(found.includes(undefined) ? [`Some of the ${by}s that were asked for do not exist.`] : []),
      ...(words.length > bounds.atOnce ? [`At most ${bounds.atOnce} ${by}s are given at once.`] : []),
    ],
  );
}

function several(sections: readonly Section[], by: Parts["by"], said: readonly string[]): string {
  const given: string[] = [];
  const left: string[] = [];
  let length = 0;
  for (const section of sections) {
    const text = textOf(section, by);
    if (given.length > 0 && length + text.length > bounds.characters) left.push(section.id);
    else {
      given.push(`[${section.id}] ${titleOf(section)}\n${text}`);
      length += text.length;
    }
  }
  const rest = left.length === 0 ? [] : [`Too long to be given at once: ask for ${left.join(", ")} next.`];
  return [...given, ...said, ...rest].join("\n\n");
}

/** A leaf whole, however long it is; of what has parts the own text, or their index. */
function textOf({ content, sections = [] }: Section, by: Parts["by"]): string {
  const isShort = content !== "" && content.length <= bounds.own;
  return sections.length === 0 || isShort ? content : indexOf(sections, by);
}

function find(sections: readonly Section[], wanted: string): Section | undefined {
  const word = plain(wanted);
  const title = wanted.trim().toLowerCase();
  let byTitle: Section | undefined;
  for (const section of flat(sections)) {
    if (plain(section.id) === word) return section;
    if (section.title.trim().toLowerCase() === title) byTitle ??= section;
  }
  return byTitle;
}

function* flat(sections: readonly Section[]): Generator<Section> {
  for (const section of sections) {
    yield section;
    yield* flat(section.sections ?? []);
  }
}

/** What there is to ask for, a line each. */
function indexOf(sections: readonly Section[], by: Parts["by"]): string {
  const lines: string[] = [];
  let more = 0;
  for (const section of flat(sections)) {
    if (lines.length < bounds.lines)
      lines.push(`${section.id}: ${titleOf(section)} (${section.content.length.toLocaleString("en")} characters)`);
    else more++;
  }
  const rest = more === 0 ? [] : [`and ${more} more`];
  return [`The ${by}s to ask for with _${by}:`, ...lines, ...rest].join("\n");
}

const titleOf = ({ title }: Section): string => oneLine(title, bounds.title);
