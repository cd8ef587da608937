import { eachMember, elementsOf, type Member, type Span, skipSpace } from "../../../spans.ts";
import { partsOf } from "../breaks.ts";
import type { Bounds, Level, Piece } from "./level.ts";

/** A list is told in about so many parts, whatever its length; a reader chooses among them. */
const wanted = 12;
const naming = ["name", "title", "id", "key", "path", "url"];
const longestName = 60;

/** Of JSON text that holds these values, one after the other (`jsonValues`). Each part of one is JSON too, and together they say the same. */
export function jsonLevel(text: string, roots: readonly Span[], bounds: Bounds): Level | undefined {
  const [only] = roots;
  if (only !== undefined && roots.length === 1) return valueLevel(text, only, bounds);
  return {
    ...listed(text, roots, bounds),
    // What stands between them belongs to the one before.
    pieces: roots.map((root, index) => ({
      start: index === 0 ? 0 : root.start,
      end: roots[index + 1]?.start ?? text.length,
      title: () => nameOf(text, root) ?? String(index),
      within: () => valueLevel(text, root, bounds),
    })),
    render: (start, end) => text.slice(start, end),
  };
}

function valueLevel(text: string, { start, end }: Span, bounds: Bounds): Level | undefined {
  if (text[start] === "[") return listLevel(text, start, bounds);
  if (text[start] === "{") return objectLevel(text, start, bounds);
  return text[start] === '"' && end - start > bounds.max ? stringLevel(text, { start, end }, bounds) : undefined;
}

/** One part of a list is a shorter list. */
const listLevel = (text: string, start: number, bounds: Bounds): Level => listed(text, elementsOf(text, start), bounds);

function listed(text: string, elements: readonly Span[], bounds: Bounds): Level {
  const length = (elements.at(-1)?.end ?? 0) - (elements[0]?.start ?? 0);
  const name = (index: number) => {
    const element = elements[index];
    return element === undefined ? undefined : nameOf(text, element);
  };
  return {
    pieces: elements.map((element, index) => ({
      ...element,
      title: () => name(index) ?? String(index),
      within: () => valueLevel(text, element, bounds),
    })),
    render: (from, to) => `[${text.slice(from, to)}]`,
    about: Math.min(bounds.max, Math.ceil(length / wanted)),
    title(first, last) {
      const range = first === last ? `[${first}]` : `[${first}–${last}]`;
      const [from, to] = [name(first), name(last)];
      const names = first === last ? from : from === undefined || to === undefined ? undefined : `${from} … ${to}`;
      return names === undefined ? range : `${range} ${names}`;
    },
  };
}

/** One part of an object is an object with some of its members. */
function objectLevel(text: string, start: number, bounds: Bounds): Level {
  let at = skipSpace(text, start) + 1;
  const pieces = eachMember(text, start).map((member): Piece => {
    const from = skipSpace(text, text[skipSpace(text, at)] === "," ? skipSpace(text, at) + 1 : at);
    at = member.end;
    return { start: from, end: member.end, title: () => member.key, within: () => valueLevel(text, member, bounds) };
  });
  return { pieces, render: (from, to) => `{${text.slice(from, to)}}`, about: 0 };
}

/** One part of a long string is a string. */
function stringLevel(text: string, { start, end }: Span, { max }: Bounds): Level {
  const content = JSON.parse(text.slice(start, end)) as string;
  const parts = partsOf(content, Math.floor(max * 0.9));
  return {
    pieces: parts.map((part) => ({ ...part, title: () => content.slice(part.start, part.start + longestName) })),
    render: (from, to) => JSON.stringify(content.slice(from, to)),
    about: max,
  };
}

/** What a row is called, where it says so in a few words. */
function nameOf(text: string, element: Span): string | undefined {
  if (text[element.start] === '"') return shortText(text, element);
  if (text[element.start] !== "{") return undefined;
  const members = eachMember(text, element.start);
  for (const key of naming) {
    const member = members.find((candidate: Member) => candidate.key === key);
    const found = member === undefined ? undefined : shortText(text, member);
    if (found !== undefined) return found;
  }
  return undefined;
}

function shortText(text: string, { start, end }: Span): string | undefined {
  if (end - start > longestName + 2) return undefined;
  const value = text.slice(start, end);
  if (value.startsWith('"')) return JSON.parse(value) as string;
  return /^[-\d]/.test(value) ? value : undefined;
}
