import type { Form, Mark } from "./marks.ts";

const key = /^(["']?)([\w./@$-]{1,100})\1:(?:\s|$)/;
const innerKey = /^ {2}(["']?)([\w./@$-]{1,100})\1:\s*$/;
const item = /^(?: {2})?- (.{0,80})/;
const looks = /^(?:\s*#|\s*-(?:\s|$)|---|\.\.\.|%|\s+\S|["']?[\w./@$-]{1,100}["']?:(?:\s|$))/;

/** Documents, the keys at their top, and what those hold. Whether it is YAML is judged by all of its first lines, since much has colons. */
export const yaml: Form = {
  name: "yaml",
  finder: () => {
    let documents = 0;
    return (line, at) => {
      if (/^---(\s|$)/.test(line)) return { at, level: 1, title: `document ${++documents}` };
      const top = key.exec(line)?.[2];
      if (top !== undefined) return { at, level: 2, title: top };
      const inner = innerKey.exec(line)?.[2];
      if (inner !== undefined) return { at, level: 3, title: inner };
      const entry = item.exec(line)?.[1];
      return entry === undefined ? undefined : { at, level: line.startsWith("-") ? 3 : 4, title: entry };
    };
  },
  fits: (lines, marks) => {
    const written = lines.filter((line) => line !== "");
    const looking = written.filter((line) => looks.test(line)).length;
    return (
      looking >= written.length * 0.98 && hasNames(marks) && written.some((line) => key.test(line) || item.test(line))
    );
  },
};

/** A log whose lines begin with `ERROR:` is no document. */
function hasNames(marks: readonly Mark[]): boolean {
  const documents = marks.filter(({ level }) => level === 1).length;
  const names = marks.filter(({ level }) => level === 2).map(({ title }) => title);
  const items = marks.filter(({ level }) => level === 3).length;
  if (names.length === 0) return items >= 3 && documents + items > 2;
  return names.length + items >= 2 && new Set(names).size * (documents + 1) >= names.length * 0.8;
}
