import { oneLine } from "../../lib/cut.ts";
import type { SystemTexts } from "../../resources/system-prompts.ts";
import type { Delivery, Left } from "./delivery.ts";

/** Of the index: entries in full, then names alone, then a number. */
const mostInFull = 16_000;
const mostNames = 16_000;
const mostSummary = 500;
const mostChapters = 20;

/** Pure. What a model reads: the whole texts, each between its marks, then what else there is. */
export function worded({ whole, rest }: Delivery, texts: SystemTexts): string {
  const parts = whole.map(({ name, text }) => `<prompt name="${name}">\n${text.trimEnd()}\n</prompt>`);
  if (rest.length > 0) parts.push(`${texts("gate-index")}\n${indexOf(rest)}`);
  return parts.join("\n\n");
}

function indexOf(rest: readonly Left[]): string {
  const lines: string[] = [];
  let left = mostInFull;
  for (const one of rest) {
    const line = lineOf(one);
    if (line.length > left) break;
    left -= line.length + 1;
    lines.push(line);
  }
  const names: string[] = [];
  left = mostNames;
  for (const { prompt } of rest.slice(lines.length)) {
    if (prompt.name.length > left) break;
    left -= prompt.name.length + 2;
    names.push(prompt.name);
  }
  const more = rest.length - lines.length - names.length;
  if (names.length > 0) lines.push(`- and by name alone: ${names.join(", ")}`);
  if (more > 0) lines.push(`- and ${more} more: ask read_prompts for them by tags`);
  return lines.join("\n");
}

function lineOf({ prompt: { name, description, summary, chapters }, why }: Left): string {
  const about = oneLine(summary === "" ? (description ?? "") : summary, mostSummary);
  const titles = chapters.slice(0, mostChapters).map(({ title }) => oneLine(title, 100));
  return [
    `- ${name}`,
    why === undefined ? "" : ` (${oneLine(why, 200)})`,
    about === "" ? "" : `: ${about}`,
    titles.length === 0 ? "" : ` [${titles.join("; ")}${chapters.length > mostChapters ? "; …" : ""}]`,
  ].join("");
}
