import { isObject } from "../../lib/object.ts";

const most = { sections: 2_000, depth: 5, id: 64, title: 1_000, times: 4, more: 64 * 1024 } as const;

/** What is wrong with what a stage answered, or undefined when it can be gone on with. `input` is how many characters it was given. Pure. */
export function nonsenseIn(answer: unknown, input: number): string | undefined {
  if (!isObject(answer)) return "it answered no object";
  const { content, sections, by, metadata } = answer;
  if (typeof content !== "string") return "its `content` is no text";
  if (by !== undefined && by !== "section" && by !== "page") return "its `by` is neither section nor page";
  if (metadata !== undefined && !isObject(metadata)) return "its `metadata` is no object";
  let size = content.length;
  const ids = new Set<string>();

  function within(list: unknown, depth: number): string | undefined {
    if (!Array.isArray(list)) return "its `sections` are no list";
    if (list.length > 0 && depth > most.depth) return `its sections are deeper than ${most.depth}`;
    for (const section of list) {
      if (!isObject(section)) return "one of its sections is no object";
      const { id, title, content: text, sections: inner } = section;
      if (typeof id !== "string" || id === "" || id.length > most.id || /\s/.test(id))
        return "one of its sections has no id of up to 64 characters without spaces";
      if (ids.has(id)) return "two of its sections have the same id";
      if (ids.add(id).size > most.sections) return `it made more than ${most.sections} sections`;
      if (typeof title !== "string" || title.length > most.title) return "one of its sections has no title of a line";
      if (typeof text !== "string") return "one of its sections has no content";
      size += text.length;
      const fault = inner === undefined ? undefined : within(inner, depth + 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  const fault = sections === undefined ? undefined : within(sections, 1);
  if (fault !== undefined) return fault;
  return size > input * most.times + most.more ? "it made far more of it than there was" : undefined;
}
