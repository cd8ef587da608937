import { eachMember, elementsOf, type Member, type Span } from "../../spans.ts";
import type { ContentType } from "../stage.ts";

/** Texts of a result that are shaped as one: JSON strings, and what goes when the first of them stands for all. */
export type Unit = { strings: readonly Span[]; surplus: Span | undefined };

/** Where a result of this type has its blocks. */
const places = { toolResult: "content", prompt: "messages", resource: "contents" } as const;

/** Every text in a result (JSON text that was parsed before), in order. Pictures, links and whatever else is there is none. Pure. */
export function textsIn(type: ContentType, result: string, members: readonly Member[]): Unit[] {
  return members
    .filter(({ key, start }) => key === places[type] && result[start] === "[")
    .flatMap((list) => {
      const elements = elementsOf(result, list.start);
      if (type === "toolResult") return unitsOf(blocksIn(result, elements));
      if (type === "resource") return elements.flatMap((element) => alone(stringsAt(result, element, "text")));
      return elements.flatMap((message) => unitsOf(blocksIn(result, contentsOf(result, message))));
    });
}

type Block = Span & { strings: readonly Span[]; isPlain: boolean };

/** A message's content is one block or a list of them. */
const contentsOf = (text: string, message: Span): Span[] =>
  eachMember(text, message.start)
    .filter(({ key }) => key === "content")
    .flatMap((content) => (text[content.start] === "[" ? elementsOf(text, content.start) : [content]));

const blocksIn = (text: string, elements: readonly Span[]): Block[] =>
  elements.map((element) => {
    const members = eachMember(text, element.start);
    const isText = members.some(({ key, start, end }) => key === "type" && text.slice(start, end) === '"text"');
    const strings = isText
      ? stringsOf(text, members, "text")
      : members.filter(({ key }) => key === "resource").flatMap((inner) => stringsAt(text, inner, "text"));
    return { ...element, strings, isPlain: isText && members.length === 2 && strings.length === 1 };
  });

const stringsAt = (text: string, { start }: Span, key: string): Span[] => stringsOf(text, eachMember(text, start), key);

/** All of that name: a reader may take the first of two, or the second. */
const stringsOf = (text: string, members: readonly Member[], key: string): Span[] =>
  members.filter((member) => member.key === key && text[member.start] === '"');

const alone = (strings: readonly Span[]): Unit[] =>
  strings.map((string) => ({ strings: [string], surplus: undefined }));

/** Neighbours that are nothing but text belong together: many servers give each row of an answer a block of its own. */
function unitsOf(blocks: readonly Block[]): Unit[] {
  const units: Unit[] = [];
  for (let i = 0; i < blocks.length; ) {
    let next = i + 1;
    while (blocks[i]?.isPlain === true && blocks[next]?.isPlain === true) next++;
    const run = blocks.slice(i, next);
    const [first, last] = [run[0], run.at(-1)];
    if (first !== undefined && last !== undefined && first !== last)
      units.push({
        strings: run.flatMap(({ strings }) => strings),
        surplus: { start: first.end, end: last.end },
      });
    else units.push(...alone(first?.strings ?? []));
    i = next;
  }
  return units;
}
