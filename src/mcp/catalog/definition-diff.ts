import { escaped } from "../../lib/unseen.ts";
import { canonicalJson } from "../canonical.ts";
import { membersOf } from "../spans.ts";

/** How many unchanged lines stand around a changed one. */
const around = 2;
/** Beyond this many pairs of lines the shortest difference is not looked for: all old lines, then all new ones. */
const mostPairs = 1_000_000;

/**
 * What changed between two definitions of a tool, for people: each member that differs, with the lines that went (`-`) and came (`+`). What
 * cannot be seen is written as `\u{…}`. Without `before` everything is new; a text that was not kept is null.
 */
export function definitionDiff(before: string | null, after: string | null): string[] {
  if (after === null) return ["The definition is too long to be shown."];
  const [old, now] = [membersIn(before ?? "{}"), membersIn(after)];
  const names = [...new Set([...now.keys(), ...old.keys()])];
  return names.flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)];
    if (from === to) return [];
    const areTexts = [from, to].every((value) => value === undefined || isText(value));
    const lines = lineDiff(linesOf(from, areTexts), linesOf(to, areTexts));
    return [`${escaped(name)}:`, ...lines.map((line) => `  ${escaped(line)}`)];
  });
}

/** Each member as it is compared: in canonical form, one inner member a line. A name that stands twice counts with both values. */
function membersIn(text: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const { key, start, end } of membersOf(text)) {
    const value = shown(text.slice(start, end));
    const earlier = members.get(key);
    members.set(key, earlier === undefined ? value : `${earlier}\n${value}`);
  }
  return members;
}

function shown(value: string): string {
  try {
    return canonicalJson(value, "  ");
  } catch {
    return value;
  }
}

const isText = (value: string): boolean => value.startsWith('"') && !value.includes("\n");

/** Strings stand as their own lines, without quotes and escapes, where nothing else is meant; all else as JSON. */
function linesOf(value: string | undefined, asText: boolean): string[] {
  if (value === undefined) return [];
  return (asText ? (JSON.parse(value) as string) : value).split("\n");
}

type Line = { sign: " " | "-" | "+"; text: string };

function lineDiff(old: readonly string[], now: readonly string[]): string[] {
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const same = (text: string): Line => ({ sign: " ", text });
  return withContext([
    ...old.slice(0, start).map(same),
    ...middleDiff(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...old.slice(old.length - end).map(same),
  ]);
}

/** The longest common run of lines stays, the others went or came. */
function middleDiff(old: readonly string[], now: readonly string[]): Line[] {
  const went = (text: string): Line => ({ sign: "-", text });
  const came = (text: string): Line => ({ sign: "+", text });
  if (old.length * now.length > mostPairs) return [...old.map(went), ...now.map(came)];
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ sign: " ", text: old[i++] ?? "" });
      j++;
    } else if (i < old.length && (j === now.length || at(i + 1, j) >= at(i, j + 1))) lines.push(went(old[i++] ?? ""));
    else lines.push(came(now[j++] ?? ""));
  }
  return lines;
}

function withContext(lines: readonly Line[]): string[] {
  const near = new Set(
    lines.flatMap(({ sign }, i) =>
      sign === " " ? [] : Array.from({ length: 2 * around + 1 }, (_, step) => i + step - around),
    ),
  );
  const shownLines: string[] = [];
  lines.forEach(({ sign, text }, i) => {
    if (near.has(i)) shownLines.push(`${sign} ${text}`);
    else if (near.has(i - 1) && i < lines.length) shownLines.push("  …");
  });
  return shownLines;
}
