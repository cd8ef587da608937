import { runsOf } from "../template.ts";
import type { Named } from "./registry.ts";

/** What a word that is found there is worth. */
const worth = [
  { of: (template: Named) => template.name, whole: 8, part: 4 },
  { of: (template: Named) => (template.tags ?? []).join(" "), whole: 4, part: 2 },
  { of: (template: Named) => runsOf(template), whole: 3, part: 2 },
  { of: (template: Named) => template.description ?? "", whole: 2, part: 1 },
] as const;

/** The templates in which each word stands somewhere, those that are named so first. */
export function searchTemplates<Item extends Named>(words: readonly string[], templates: readonly Item[]): Item[] {
  const wanted = words.flatMap((word) => word.toLowerCase().split(/\s+/)).filter((word) => word !== "");
  const scored = templates.map((template) => {
    const texts = worth.map(({ of }) => of(template).toLowerCase());
    const scores = wanted.map((word) =>
      worth.reduce((sum, { whole, part }, at) => {
        const text = texts[at] ?? "";
        if (!text.includes(word)) return sum;
        return sum + (text.split(/[^a-z0-9]+/).includes(word) ? whole : part);
      }, 0),
    );
    return { template, score: scores.some((one) => one === 0) ? 0 : scores.reduce((sum, one) => sum + one, 0) };
  });
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score || (a.template.name < b.template.name ? -1 : 1))
    .map(({ template }) => template);
}
