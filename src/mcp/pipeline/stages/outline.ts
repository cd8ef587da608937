import { cut } from "../../../lib/cut.ts";
import type { Section } from "../stage.ts";

/** What a section is described by in an outline, besides its title. */
export type Described = (section: Section) => string | undefined;

/**
 * The list that stands for a content in parts, in at most `most` characters: ids, titles and sizes, each with its description; titles alone where
 * that is too long; ranges of titles where that is too long as well. Pure.
 */
export function outline(sections: readonly Section[], most: number, described: Described = () => undefined): string {
  const whole = lines(sections, described, "", most);
  if (whole !== undefined) return whole;
  const titles = lines(sections, () => undefined, "", most) ?? lines(sections.map(bare), () => undefined, "", most);
  return titles ?? ranges(sections, most);
}

const bare = ({ id, title, content }: Section): Section => ({ id, title, content });
const sizeOf = ({ content }: Section): string => `${content.length.toLocaleString("en-US")} characters`;

/** Undefined as soon as it is too long: of ten thousand lines nobody needs the rest. */
function lines(sections: readonly Section[], described: Described, indent: string, most: number): string | undefined {
  const all: string[] = [];
  let left = most;
  for (const section of sections) {
    const says = described(section);
    const own = `${indent}${section.id}. ${cut(section.title, 120)} (${sizeOf(section)})`;
    const line = says === undefined || says === "" ? own : `${own}\n${indented(says, `${indent}   `)}`;
    all.push(line);
    left -= line.length + 1;
    if (left < 0) return undefined;
    if (section.sections === undefined || section.sections.length === 0) continue;
    const inner = lines(section.sections, described, `${indent}   `, left);
    if (inner === undefined) return undefined;
    all.push(inner);
    left -= inner.length + 1;
  }
  return all.join("\n");
}

const indented = (text: string, indent: string) =>
  text
    .split("\n")
    .map((line) => `${indent}${line}`)
    .join("\n");

const rangeLength = 100;

function ranges(sections: readonly Section[], most: number): string {
  const count = Math.max(1, Math.min(sections.length, Math.floor(most / rangeLength)));
  const each = Math.ceil(sections.length / count);
  const all: string[] = [];
  for (let at = 0; at < sections.length; at += each) {
    const run = sections.slice(at, at + each);
    const [first, last] = [run[0], run.at(-1)];
    if (first === undefined || last === undefined) break;
    const titles = `${cut(first.title, 30)} … ${cut(last.title, 30)}`;
    all.push(first === last ? `${first.id}. ${cut(first.title, 60)}` : `${first.id} to ${last.id}. ${titles}`);
  }
  return all.join("\n");
}
