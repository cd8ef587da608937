import type { Parts } from "../cache/cache.ts";
import type { Section } from "../stage.ts";

/** Id, title, where its content begins, how long that is, its own sections. */
type Row = [id: string, title: string, at: number, length: number, sections: Row[]];
type Head = { at: number; by: Parts["by"]; original: number; rows: Row[] };

/** A result as one text, so that reading one section of ten megabytes parses their index only. What stands in the original is not kept twice. */
export function packResult({ original, sections, by }: Parts, at: number): string {
  const more: string[] = [];
  let end = original.length;
  let next = 0;

  function place(content: string): number {
    // Parts mostly follow each other in the original, with a blank or two between.
    for (const start of [next, next + 1, next + 2]) {
      if (!original.startsWith(content, start)) continue;
      next = start + content.length;
      return start;
    }
    more.push(content);
    end += content.length;
    return end - content.length;
  }

  const rowsOf = (list: readonly Section[]): Row[] =>
    list.map(({ id, title, content, sections: inner = [] }) => [
      id,
      title,
      place(content),
      content.length,
      rowsOf(inner),
    ]);
  return written({ at, by, original: original.length, rows: rowsOf(sections) }, original + more.join(""));
}

/** When it was kept, and its parts. @throws when it was written by another version */
export function unpackResult(text: string): { at: number; parts: Parts } {
  const { head, body } = read(text);
  const sectionsOf = (rows: readonly Row[]): Section[] =>
    rows.map(([id, title, at, length, inner]) => ({
      id,
      title,
      content: body.slice(at, at + length),
      ...(inner.length > 0 && { sections: sectionsOf(inner) }),
    }));
  return {
    at: head.at,
    parts: { original: body.slice(0, head.original), sections: sectionsOf(head.rows), by: head.by },
  };
}

/** The same, as if kept at another time. */
export function keptAnew(text: string, at: number): string {
  const { head, body } = read(text);
  return written({ ...head, at }, body);
}

function written(head: Head, body: string): string {
  const json = JSON.stringify(head);
  return `${json.length}\n${json}${body}`;
}

function read(text: string): { head: Head; body: string } {
  const line = text.indexOf("\n");
  const start = line + 1 + Number(text.slice(0, line));
  return { head: JSON.parse(text.slice(line + 1, start)) as Head, body: text.slice(start) };
}
