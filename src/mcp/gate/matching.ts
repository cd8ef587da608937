import { shareOfTurn } from "../../lib/share.ts";
import type { Shelved } from "../prompts/shelf.ts";
import { keywordsIn, type Term, termOf, wordsIn } from "./words.ts";

/** A prompt and how well it fits; 0 is not at all. */
export type Ranked = { prompt: Shelved; score: number };

/** Delivered whatever the task is. */
export const always = 10;

const mostTerms = 64;
/** Of all that is said of one prompt. */
const mostCharacters = 8_000;
/** What only begins alike. */
const likeness = 0.4;

/**
 * Pure. What is always delivered first, then what fits best; what fits equally well by priority, then by name. A tag counts the more the fewer prompts it
 * is found in, and where it is found: in a name most.
 */
export function rank(prompts: readonly Shelved[], tags: readonly string[]): Ranked[] {
  const terms = termsOf(tags);
  const found = prompts.map((prompt) => terms.map((term) => weightIn(bagOf(prompt), term)));
  const rarity = terms.map((_, at) => {
    const count = found.filter((weights) => (weights[at] ?? 0) > 0).length;
    return Math.log(1 + (prompts.length - count + 0.5) / (count + 0.5));
  });
  return prompts
    .map((prompt, of) => {
      const fit = (found[of] ?? []).reduce((sum, weight, at) => sum + weight * (rarity[at] ?? 0), 0);
      return { prompt, score: fit * (5 + prompt.priority) };
    })
    .toSorted(byRank);
}

function byRank(a: Ranked, b: Ranked): number {
  return (
    Number(b.prompt.priority === always) - Number(a.prompt.priority === always) ||
    b.score - a.score ||
    b.prompt.priority - a.prompt.priority ||
    (a.prompt.name < b.prompt.name ? -1 : 1)
  );
}

/** Looks through what is said of them, which takes half a second for a thousand, and so gives way to others; then `rank` is fast. */
export async function lookThrough(prompts: readonly Shelved[]): Promise<void> {
  const spent = shareOfTurn();
  for (const prompt of prompts) {
    bagOf(prompt);
    await spent();
  }
}

/** A tag of nothing but common words is taken by its word. */
function termsOf(tags: readonly string[]): Term[] {
  const words = tags.flatMap((tag) => {
    const keywords = keywordsIn(tag, mostTerms);
    return keywords.length > 0 ? keywords : wordsIn(tag);
  });
  const byStem = new Map(words.map((word) => [termOf(word).stem, termOf(word)]));
  return [...byStem.values()].slice(0, mostTerms);
}

/** What is said of a prompt, each word with the weight of the best place it stands in. */
type Bag = { stems: Map<string, number>; roots: Map<string, number> };

const bags = new WeakMap<Shelved, Bag>();

function bagOf(prompt: Shelved): Bag {
  const ready = bags.get(prompt);
  if (ready !== undefined) return ready;
  const bag: Bag = { stems: new Map(), roots: new Map() };
  let left = mostCharacters;
  for (const [weight, text] of placesOf(prompt)) {
    for (const word of wordsIn(text.slice(0, left))) {
      const { stem, root } = termOf(word);
      if (!bag.stems.has(stem)) bag.stems.set(stem, weight);
      if (!bag.roots.has(root)) bag.roots.set(root, weight);
    }
    left = Math.max(0, left - text.length);
  }
  bags.set(prompt, bag);
  return bag;
}

/** The weightiest first. */
function placesOf({ name, description, summary, chapters, head }: Shelved): [weight: number, text: string][] {
  return [
    [3, name],
    [2, description ?? ""],
    [2, summary],
    [1.5, chapters.map(({ title }) => title).join("\n")],
    [1, chapters.map((chapter) => chapter.summary).join("\n")],
    [1, head ?? ""],
  ];
}

const weightIn = ({ stems, roots }: Bag, { stem, root }: Term): number =>
  Math.max(stems.get(stem) ?? 0, likeness * (roots.get(root) ?? 0));
