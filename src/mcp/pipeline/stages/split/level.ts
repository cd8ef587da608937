import { shareOfTurn } from "../../../../lib/share.ts";
import type { Span } from "../../../spans.ts";
import type { Section } from "../../stage.ts";
import { lineOf } from "../asking.ts";

/** A part that is not parted itself, unless it is too long: then `within` it are others. */
export type Piece = Span & { title: () => string; within?: () => Level | undefined };

/** What a content, or a part of it, consists of. The pieces stand one after the other; `render` writes some neighbours as a content of their own. */
export type Level = {
  pieces: readonly Piece[];
  render: (start: number, end: number) => string;
  /** Parts of no length of their own, such as the rows of a list, are put together to about so many characters. */
  about: number;
  /** Of neighbours that were put together. */
  title?: (first: number, last: number) => string;
};

export type Bounds = { min: number; max: number };

const deepest = 4;
const titleLength = 160;

/** Sections of a level: what is too short is joined with its neighbours, what is too long is parted further. */
export async function sectionsOf(level: Level, bounds: Bounds, prefix = "", depth = 1): Promise<Section[]> {
  const spent = shareOfTurn();
  const sections: Section[] = [];
  for (const { first, last } of groupsOf(level, bounds)) {
    const [from, to] = [level.pieces[first], level.pieces[last]];
    if (from === undefined || to === undefined) continue;
    const id = `${prefix}${sections.length + 1}`;
    const inner = first === last && size(from) > bounds.max && depth < deepest ? from.within?.() : undefined;
    const nested = inner === undefined ? [] : await sectionsOf(inner, bounds, `${id}.`, depth + 1);
    sections.push({
      id,
      title: lineOf(level.title?.(first, last) ?? titleOf(from, to), titleLength) || `Part ${id}`,
      content: level.render(from.start, to.end),
      ...(nested.length > 1 || nested.some(({ sections }) => sections !== undefined) ? { sections: nested } : {}),
    });
    await spent();
  }
  return sections;
}

const size = ({ start, end }: Span): number => end - start;
const titleOf = (from: Piece, to: Piece) => (from === to ? from.title() : `${from.title()} … ${to.title()}`);

type Group = { first: number; last: number };

/** Pure. */
function groupsOf({ pieces, about }: Level, { min, max }: Bounds): Group[] {
  const groups: Group[] = [];
  const enough = Math.max(min, about);
  const sizeOfGroup = ({ first, last }: Group) => (pieces[last]?.end ?? 0) - (pieces[first]?.start ?? 0);
  let open: Group | undefined;
  for (const [index, piece] of pieces.entries()) {
    const joined: Group = { first: open?.first ?? index, last: index };
    if (open !== undefined && sizeOfGroup(joined) <= max && (sizeOfGroup(open) < enough || size(piece) < min / 4))
      open = joined;
    else {
      if (open !== undefined) groups.push(open);
      open = { first: index, last: index };
    }
  }
  if (open !== undefined) groups.push(open);
  return groups.reduce<Group[]>((kept, group) => {
    const before = kept.at(-1);
    const joined = before && { first: before.first, last: group.last };
    if (joined !== undefined && sizeOfGroup(group) < min && sizeOfGroup(joined) <= max) kept[kept.length - 1] = joined;
    else kept.push(group);
    return kept;
  }, []);
}
