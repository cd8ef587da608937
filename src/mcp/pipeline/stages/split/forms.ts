import { code } from "./code.ts";
import type { Form, Mark } from "./marks.ts";
import { yaml } from "./yaml.ts";

/** Beside the lines of a fence all that looks like a heading is somebody's code. */
const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?$/;

const markdown: Form = {
  name: "markdown",
  finder: () => {
    let fenced: string | undefined;
    return (line, at) => {
      const mark = fence.exec(line)?.[1];
      if (mark !== undefined && fenced === undefined) fenced = mark;
      else if (fenced !== undefined) {
        if (mark?.startsWith(fenced) === true && line.trim() === mark) fenced = undefined;
      } else {
        const [, hashes, title] = heading.exec(line) ?? [];
        if (hashes !== undefined && title !== undefined && title !== "") return { at, level: hashes.length, title };
      }
      return undefined;
    };
  },
  fits: (_, marks) => marks.length >= 2,
};

const diff: Form = {
  name: "diff",
  finder: () => (line, at) => {
    if (line.startsWith("diff --git ")) return { at, level: 1, title: line.slice("diff --git ".length) };
    return line.startsWith("@@ ") ? { at, level: 2, title: line } : undefined;
  },
  fits: (_, marks) => marks.filter(({ level }) => level === 1).length >= 2,
};

const numbered =
  /^(?:\d{1,3}(?:\.\d{1,3}){0,4}\.?|[IVXLC]{1,6}\.|(?:chapter|section|part|appendix|article)\s+[\dA-Z]{1,4}[.:]?)\s+\S/i;
const ruled = /^(?:[=\-*#~]{3,})\s+\S.{0,100}\s+(?:[=\-*#~]{3,})$/;
const shouted = /^[^a-z]*[A-Z][^a-z]*[A-Z][^a-z]*$/;
const longestHeading = 80;

/** Text without marks of its own, where its author wrote headings all the same: alone on a line, behind an empty one. */
const plain: Form = {
  name: "plain text",
  finder: () => {
    let isAfterBlank = true;
    return (line, at) => {
      const was = isAfterBlank;
      isAfterBlank = line.trim() === "";
      if (isAfterBlank || !was || line.length > longestHeading) return undefined;
      if (ruled.test(line)) return { at, level: 1, title: line.replace(/^[=\-*#~]+\s+|\s+[=\-*#~]+$/g, "") };
      if (numbered.test(line)) return { at, level: levelOfNumber(line), title: line };
      return shouted.test(line) && (line.match(/[A-Z]/g)?.length ?? 0) >= 4 ? { at, level: 2, title: line } : undefined;
    };
  },
  fits: (_, marks) => marks.length >= 3,
};

const levelOfNumber = (line: string): number =>
  1 + (/^[\d.]+/.exec(line)?.[0].replace(/\.$/, "").split(".").length ?? 1);

/** Each form of text that is parted by its lines; the first that fits is taken. */
const forms: readonly Form[] = [yaml, diff, code, markdown, plain];

/** The form of a text by its beginning. Pure. */
export function formOf(beginning: string): Form | undefined {
  const lines = beginning.split("\n").map((line) => line.slice(0, 500).trimEnd());
  return forms.find((form) => {
    const find = form.finder();
    const marks = lines.map((line, at) => find(line, at)).filter((mark): mark is Mark => mark !== undefined);
    return form.fits(lines, marks);
  });
}
