import type { Screen } from "./environment.ts";

/** Lines of at most so many columns, broken between words; a word that is longer stays whole, so that it can be copied. */
export function wrapped(text: string, width: number, wordsOf = between): string[] {
  const lines: string[] = [];
  for (const word of wordsOf(text)) {
    const last = lines.at(-1);
    if (last !== undefined && Bun.stringWidth(`${last} ${word}`) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
const between = (text: string): readonly string[] => text.split(" ");

/** What is laid out in lines already, on a screen: what goes on stands under where it began. Programs get it as it is. */
export function fitted(text: string, screen: Screen | undefined): string {
  if (screen === undefined) return text;
  const fit = (line: string) => {
    if (Bun.stringWidth(line) <= screen.columns) return [line];
    const { first, next } = margins(line);
    const [head = "", ...others] = wrapped(line.slice(first.length), screen.columns - next.length);
    return [first + head, ...others.map((other) => next + other)];
  };
  return text.split("\n").flatMap(fit).join("\n");
}

/** What stands before the words of a line: quoted lines go on quoted, what has a label beside it, all else two further in. */
function margins(line: string): { first: string; next: string } {
  const quoted = /^ *\| /.exec(line)?.[0];
  if (quoted !== undefined) return { first: quoted, next: quoted };
  const labelled = /^ *[A-Z][a-z ]{0,14}: +(?=\S)/.exec(line)?.[0];
  if (labelled !== undefined) return { first: labelled, next: " ".repeat(labelled.length) };
  const first = /^ *(?:- )*/.exec(line)?.[0] ?? "";
  return { first, next: " ".repeat(first.length + 2) };
}

/** A command line over several lines that a shell takes for one: broken where no quotes are open, a flag stays beside its value. */
export function wrappedCommand(text: string, screen: Screen | undefined, indent: string): string {
  const room = (screen?.columns ?? Number.POSITIVE_INFINITY) - indent.length - 6;
  return wrapped(text, room, (line) => line.match(argument) ?? [line])
    .map((line, i) => `${indent}${i === 0 ? "" : "    "}${line}`)
    .join(" \\\n");
}
const argument = /(?:--[a-z-]+ (?!-))?(?:[^\s'"]|'[^']*'|"[^"]*")+/g;

/** Two columns, three blanks apart: what does not fit beside a long left side stands beneath. */
export function columns(rows: readonly (readonly string[])[], screen: Screen | undefined): string {
  const most = screen === undefined ? Number.POSITIVE_INFINITY : Math.floor(screen.columns * leftShare);
  const widths = rows.map(([left = ""]) => left.length).filter((width) => width <= most);
  const width = Math.max(0, ...widths);
  const indent = " ".repeat(width + 5);
  const room = (screen?.columns ?? Number.POSITIVE_INFINITY) - indent.length;
  return rows
    .flatMap(([left = "", right = ""]) => {
      const [first = "", ...others] = wrapped(right, room);
      const beneath = others.map((line) => indent + line);
      return left.length > width
        ? [`  ${left}`, indent + first, ...beneath]
        : [`  ${left.padEnd(width)}   ${first}`, ...beneath];
    })
    .join("\n");
}
const leftShare = 0.4;
