import type { Shown } from "../pipeline/plugin.ts";
import { type Field, fieldsOf, weights } from "./fields.ts";
import { nearWords } from "./near.ts";
import { synonymsOf } from "./synonyms.ts";
import { wordsOf } from "./words.ts";

/** A tool that fits, and how well: only the order of scores means something. */
export type Hit = { tool: Shown; score: number };
export type ToolIndex = {
  /** Best first, ties in the order of names. What nothing of the query fits is not there. */
  search: (query: string, limit?: number) => Hit[];
};

/** The usual constants: how soon a word that is repeated counts no more, and how much a long field costs it. */
const saturation = 1.2;
const lengthCost: Record<Field, number> = {
  name: 0.3,
  server: 0,
  title: 0.3,
  description: 0.6,
  parameters: 0.6,
  about: 0.8,
};
const synonymWeight = 0.35;
const nearWeight = 0.5;
/** Queries are a sentence or two; of a longer text the beginning counts. */
const mostWords = 48;
const mostQuery = 2000;
const fieldNames = Object.keys(weights) as Field[];

type Postings = { tools: number[]; counts: number[] };

/** BM25 with fields: a word counts by where it stands, is worth more the fewer tools have it, and in a short text more than in a long one. */
export function indexOf(tools: readonly Shown[]): ToolIndex {
  const texts = tools.map((tool) => {
    const fields = fieldsOf(tool);
    return fieldNames.map((field) => wordsOf(fields[field]));
  });
  const average = fieldNames.map(
    (_, at) => texts.reduce((sum, words) => sum + (words[at]?.length ?? 0), 0) / texts.length,
  );
  const postings = new Map<string, Postings>();
  for (const [tool, fields] of texts.entries())
    for (const [at, words] of fields.entries()) {
      const field = fieldNames[at] as Field;
      const long = words.length / (average[at] || 1);
      const worth = weights[field] / (1 - lengthCost[field] + lengthCost[field] * long);
      for (const word of words) count(postings, word, tool, worth);
    }
  const exact = namesOf(tools);

  function search(query: string, limit = tools.length): Hit[] {
    const asked = query.slice(0, mostQuery);
    const scores = new Map<number, number>();
    const words = [...new Set(wordsOf(asked))].slice(0, mostWords);
    for (const word of words) {
      const here = postings.get(word);
      const others = synonymsOf(word).map((other): [string, number] => [other, synonymWeight]);
      const near = here === undefined && others.length === 0 ? nearWords(word, postings.keys()) : [];
      const meant: [string, number][] = [
        [word, 1],
        ...others,
        ...near.map((other): [string, number] => [other, nearWeight]),
      ];
      // Whoever has the word and its synonyms has what is asked for once.
      const best = new Map<number, number>();
      for (const [term, weight] of meant) {
        const found = postings.get(term);
        if (found === undefined) continue;
        const rarity = Math.log(1 + (tools.length - found.tools.length + 0.5) / (found.tools.length + 0.5));
        for (const [n, tool] of found.tools.entries()) {
          const often = found.counts[n] as number;
          const score = (weight * rarity * often * (saturation + 1)) / (often + saturation);
          if (score > (best.get(tool) ?? 0)) best.set(tool, score);
        }
      }
      for (const [tool, score] of best) scores.set(tool, (scores.get(tool) ?? 0) + score);
    }
    for (const [tool, bonus] of exact(asked)) scores.set(tool, (scores.get(tool) ?? 0) + bonus);
    return [...scores]
      .map(([at, score]) => ({ tool: tools[at] as Shown, score }))
      .sort((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1))
      .slice(0, limit);
  }
  return { search };
}

function count(postings: Map<string, Postings>, word: string, tool: number, worth: number): void {
  let entry = postings.get(word);
  if (entry === undefined) {
    entry = { tools: [], counts: [] };
    postings.set(word, entry);
  }
  const last = entry.tools.length - 1;
  if (entry.tools[last] === tool) entry.counts[last] = (entry.counts[last] as number) + worth;
  else {
    entry.tools.push(tool);
    entry.counts.push(worth);
  }
}

/** Who is called by its name comes first: by the whole of it, or by its own without the server's. */
function namesOf(tools: readonly Shown[]): (query: string) => [tool: number, bonus: number][] {
  const byName = new Map<string, Map<number, number>>();
  const put = (name: string, tool: number, bonus: number) => {
    const there = byName.get(name) ?? new Map<number, number>();
    byName.set(name, there.set(tool, Math.max(bonus, there.get(tool) ?? 0)));
  };
  for (const [at, { name, server }] of tools.entries()) {
    put(name, at, 3e6);
    put(plain(name), at, 2e6);
    if (server === undefined || !name.startsWith(`${server}__`)) continue;
    const own = name.slice(server.length + 2);
    put(`${server}/${own}`, at, 2e6);
    put(plain(own), at, 1e6);
  }
  return (query) => {
    const name = query.trim();
    return [...(byName.get(name) ?? byName.get(plain(name)) ?? [])];
  };
}
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");

const indexes = new WeakMap<readonly Shown[], ToolIndex>();

/** The index of this very list, built when it is first asked for. */
export function indexed(tools: readonly Shown[]): ToolIndex {
  const known = indexes.get(tools);
  if (known !== undefined) return known;
  const made = indexOf(tools);
  indexes.set(tools, made);
  return made;
}
