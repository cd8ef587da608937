import { compared, type Line, nearChanges } from "../../lib/line-diff.ts";
import { escaped } from "../../lib/unseen.ts";
import { canonicalJson } from "../canonical.ts";
import { eachMember } from "../spans.ts";

/** How many unchanged lines stand around a changed one. */
const around = 2;

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
  for (const { key, start, end } of eachMember(text)) {
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

/** The lines that differ, and some around them. */
const lineDiff = (old: readonly string[], now: readonly string[]): string[] => withContext(compared(old, now));

function withContext(lines: readonly Line[]): string[] {
  const near = nearChanges(lines, around);
  const shownLines: string[] = [];
  lines.forEach(({ sign, text }, i) => {
    if (near.has(i)) shownLines.push(`${sign} ${text}`);
    else if (near.has(i - 1) && i < lines.length) shownLines.push("  …");
  });
  return shownLines;
}
