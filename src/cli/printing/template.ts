import { Problem } from "../../lib/problem.ts";
import { inWords, type Path, parsePath, valuesAt } from "./path.ts";

/** kubectl's jsonpath: words as they are, `{.paths}` in braces, `{"\n"}` for what a shell spells badly, `{range .items[*]}…{end}`. */
export type Template = readonly Part[];
type Part = { words: string } | { path: Path } | { range: Path; body: Template };

const deepest = 8;
const longestOutput = 64 * 1024 * 1024;

/** @throws Problem `invalid` */
export function parseTemplate(text: string): Template {
  // Without braces it is one path, as kubectl takes it.
  const whole = text.includes("{") ? text : `{${text}}`;
  const levels: { range: Path; body: Part[] }[] = [{ range: [], body: [] }];
  const body = () => levels.at(-1)?.body ?? [];
  for (const [, words, quoted, inside = ""] of whole.matchAll(
    /([^{]+)|\{\s*("(?:[^"\\]|\\.)*")\s*\}|\{((?:[^{}"']|"[^"]*"|'[^']*')*)\}|\{/g,
  )) {
    const code = inside.trim();
    if (words !== undefined) body().push({ words });
    else if (quoted !== undefined) body().push({ words: unquoted(quoted) });
    else if (code === "end") {
      const done = levels.pop();
      if (done === undefined || levels.length === 0) throw wrong("{end} ends nothing");
      body().push(done);
    } else if (/^range\s/.test(code)) {
      if (levels.length > deepest) throw wrong(`{range} goes ${deepest} deep at most`);
      levels.push({ range: parsePath(code.slice(5)), body: [] });
    } else if (code !== "") body().push({ path: parsePath(code) });
    else throw wrong("a brace holds nothing that can be read");
  }
  if (levels.length > 1) throw wrong("{range} has no {end}");
  return body();
}

const wrong = (message: string) =>
  new Problem("invalid", `this jsonpath cannot be read: ${message}`, {
    hint: `write it as -o jsonpath='{range .items[*]}{.name}{"\\n"}{end}'`,
  });

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw wrong("what stands in quotes is written as in JSON");
  }
}

/** What a template says of a document; values of one path stand one blank apart. @throws Problem `invalid` when it is too much */
export function filled(template: Template, document: unknown): string {
  let length = 0;
  const fill = (parts: Template, about: unknown): string =>
    parts
      .map((part) => {
        if ("range" in part)
          return valuesAt(part.range, about)
            .map((value) => fill(part.body, value))
            .join("");
        const text = "words" in part ? part.words : valuesAt(part.path, about).map(inWords).join(" ");
        length += text.length;
        if (length > longestOutput) throw wrong("it makes more of it than there is room for");
        return text;
      })
      .join("");
  return fill(template, document);
}
