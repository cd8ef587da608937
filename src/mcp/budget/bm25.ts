import { shareOfTurn } from "../../lib/share.ts";
import type { Shown } from "../pipeline/plugin.ts";
import { type Field, fieldsOf, weights } from "./fields.ts";
import { namesOf } from "./names.ts";
import { nearWords } from "./near.ts";
import { readingOf } from "./phrases.ts";
import { spelledOut, synonymsOf } from "./synonyms.ts";
import { isFaint, wordsOf } from "./words.ts";

/** A tool that fits, and how well: only the order of scores means something. */
export type Hit = { tool: Shown; score: number };
export type ToolIndex = {
  /** Best first, ties in the order of names. What nothing of the query fits is not there. */
  search: (query: string, limit?: number) => Hit[];
};

/** How soon a word that is repeated counts no more, and how much a long text costs the words in it: the usual constants. */
const saturation = 1.2;
const lengthCost: Record<Field, number> = {
  name: 0.3,
  server: 0,
  title: 0.3,
  summary: 0.5,
  description: 0.6,
  parameters: 0.6,
  about: 0.8,
};
/** Chosen by `bench/tool-search.ts` over the queries it tunes on. Halving one costs at most two in a hundred of recall@5, of synonyms five. */
const worth = { synonym: 0.7, near: 0.3, faint: 0.3, together: 0.25, wholeName: 1, itsServer: 0.6 };
/** Queries are a sentence or two; of a longer text the beginning counts. */
const most = { words: 48, characters: 2000, unknown: 6 };
const fieldNames = Object.keys(weights) as Field[];

type Postings = { tools: number[]; counts: number[] };
type Entry = { name: readonly string[]; server: readonly string[] };
type Words = { postings: Map<string, Postings>; entries: Entry[] };

/** BM25 with fields: a word counts by where it stands, is worth more the fewer tools have it, and in a short text more than in a long one. */
export function indexOf(tools: readonly Shown[]): ToolIndex {
  const steps = building(tools);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** A tool at each step: of a thousand and more, all at once would hold everybody else for a quarter of a second. */
function* building(tools: readonly Shown[]): Generator<undefined, ToolIndex> {
  const words = yield* written(tools);
  const called = namesOf(tools);
  yield;
  return over(tools, words, called);
}

function over(tools: readonly Shown[], { postings, entries }: Words, called: ReturnType<typeof namesOf>): ToolIndex {
  function search(query: string, limit = tools.length): Hit[] {
    const asked = query.slice(0, most.characters);
    const words = wantedIn(asked);
    const scores = new Float64Array(tools.length);
    const matched = new Float64Array(tools.length);
    const best = new Float64Array(tools.length);
    const meant = new Map<string, number>();
    let unknown = 0;
    let whole = 0;
    for (const word of words) {
      const terms = termsFor(word, () => ++unknown <= most.unknown);
      const strength = isFaint(word) ? worth.faint : 1;
      whole += strength;
      best.fill(0);
      for (const [term, weight] of terms) score(term, weight, best);
      for (let tool = 0; tool < best.length; tool++)
        if ((best[tool] as number) > 0) {
          scores[tool] = (scores[tool] as number) + (best[tool] as number) * strength;
          matched[tool] = (matched[tool] as number) + strength;
        }
      for (const [term, weight] of terms) meant.set(term, Math.max(meant.get(term) ?? 0, weight));
    }
    const asks = new Set(words);
    for (let tool = 0; tool < scores.length; tool++) {
      if (scores[tool] === 0) continue;
      const { name, server } = entries[tool] as Entry;
      const covered = name.reduce((sum, word) => sum + (meant.get(word) ?? 0), 0) / (name.length || 1);
      const isNamed = server.length > 0 && server.every((word) => asks.has(word));
      scores[tool] =
        (scores[tool] as number) *
        ((matched[tool] as number) / whole) ** worth.together *
        (1 + worth.wholeName * covered) *
        (isNamed ? 1 + worth.itsServer : 1);
    }
    for (const [tool, bonus] of called(asked)) scores[tool] = (scores[tool] as number) + bonus;
    const hits: Hit[] = [];
    for (const [at, tool] of tools.entries())
      if ((scores[at] as number) > 0) hits.push({ tool, score: scores[at] as number });
    return hits.sort((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1)).slice(0, limit);
  }

  /** What a word may stand for in this index, each with how surely. */
  function termsFor(word: string, mayGuess: () => boolean): [term: string, weight: number][] {
    const others = synonymsOf(word);
    const near = postings.has(word) || others.length > 0 || !mayGuess() ? [] : nearWords(word, postings.keys());
    return [
      [word, 1],
      ...others.map((other): [string, number] => [other, worth.synonym]),
      ...near.map((other): [string, number] => [other, worth.near]),
    ];
  }

  /** Whoever has a word and its synonyms has what is asked for once: the best of them counts. */
  function score(term: string, weight: number, best: Float64Array): void {
    const found = postings.get(term);
    if (found === undefined) return;
    const rarity = Math.log(1 + (tools.length - found.tools.length + 0.5) / (found.tools.length + 0.5));
    const top = weight * rarity * (saturation + 1);
    for (let n = 0; n < found.tools.length; n++) {
      const [tool, count] = [found.tools[n] as number, found.counts[n] as number];
      const is = (top * count) / (count + saturation);
      if (is > (best[tool] as number)) best[tool] = is;
    }
  }
  return { search };
}

/** The words of a query, each once; numbers are arguments and name no tool. */
function wantedIn(query: string): string[] {
  const words = wordsOf(readingOf(query)).filter((word) => !/^\p{N}+$/u.test(word));
  return [...new Set([...words, ...words.flatMap(spelledOut)])].slice(0, most.words);
}

/** Which tools have a word and how much it counts in each, and the words of each tool's name. */
function* written(tools: readonly Shown[]): Generator<undefined, Words> {
  const texts: string[][][] = [];
  for (const tool of tools) {
    const fields = fieldsOf(tool);
    texts.push(fieldNames.map((field) => wordsOf(fields[field])));
    yield;
  }
  const average = fieldNames.map(
    (_, at) => texts.reduce((sum, words) => sum + (words[at]?.length ?? 0), 0) / tools.length,
  );
  const postings = new Map<string, Postings>();
  for (const [tool, fields] of texts.entries()) {
    for (const [at, words] of fields.entries()) {
      const field = fieldNames[at] as Field;
      const long = words.length / (average[at] || 1);
      const each = weights[field] / (1 - lengthCost[field] + lengthCost[field] * long);
      for (const word of words) count(postings, word, tool, each);
    }
    yield;
  }
  const of = (field: Field) => (words: readonly string[][]) => words[fieldNames.indexOf(field)] ?? [];
  return { postings, entries: texts.map((words) => ({ name: of("name")(words), server: of("server")(words) })) };
}

function count(postings: Map<string, Postings>, word: string, tool: number, each: number): void {
  let entry = postings.get(word);
  if (entry === undefined) {
    entry = { tools: [], counts: [] };
    postings.set(word, entry);
  }
  const last = entry.tools.length - 1;
  if (entry.tools[last] === tool) entry.counts[last] = (entry.counts[last] as number) + each;
  else {
    entry.tools.push(tool);
    entry.counts.push(each);
  }
}

const indexes = new WeakMap<readonly Shown[], ToolIndex>();
const underWay = new WeakMap<readonly Shown[], Promise<ToolIndex>>();

/** The index of this very list, built at once when it is not there. */
export function indexed(tools: readonly Shown[]): ToolIndex {
  const known = indexes.get(tools);
  if (known !== undefined) return known;
  const made = indexOf(tools);
  indexes.set(tools, made);
  return made;
}

/** The same, and all others have their turns while it is built. */
export async function indexedInTurns(tools: readonly Shown[]): Promise<ToolIndex> {
  const known = indexes.get(tools);
  if (known !== undefined) return known;
  const work = underWay.get(tools) ?? built(tools);
  underWay.set(tools, work);
  return await work.finally(() => underWay.delete(tools));
}

async function built(tools: readonly Shown[]): Promise<ToolIndex> {
  const spent = shareOfTurn();
  const steps = building(tools);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await spent();
  indexes.set(tools, step.value);
  return step.value;
}
