import { flagSpelt, flagsOf, type Line, readLine } from "./line.ts";
import { type FlagNode, type KindNode, kindNamed, type Tree } from "./tree.ts";

export type Offer = { word: string; about: string };
/** What may stand at the cursor; `files` leaves it to the shell, which knows them better. */
export type Offers = { words: readonly Offer[]; files?: "file" | "folder" };

/** Names that are there at this moment: of a kind, or the saved instances. Never rejects. */
export type Live = (what: KindNode | "context", line: Line) => Promise<readonly string[]>;

/** A question: the words of a command line after the program's own, and which of them the cursor is in. */
type Question = { words: readonly string[]; cursor: number };

/** What completion offers. All it needs from outside is `live`. */
export async function offersFor(tree: Tree, { words, cursor }: Question, live: Live): Promise<Offers> {
  const line = readLine(tree, words, cursor);
  const part = words[cursor] ?? "";
  const ask = { tree, line, live };
  if (line.isClosed) return nothing;
  if (line.awaiting !== undefined) return await valuesOf(line.awaiting, part, ask);
  const [, spelling, value] = /^(--[^=]+)=(.*)$/s.exec(part) ?? [];
  if (spelling !== undefined) {
    const flag = flagSpelt(flagsOf(tree, line), spelling)?.[1];
    const offers = flag === undefined ? nothing : await valuesOf(flag, value ?? "", ask);
    return { ...offers, words: offers.words.map(before(`${spelling}=`)) };
  }
  if (part.startsWith("-")) return { words: flagsLeft(ask).filter(({ word }) => word.startsWith(part)) };
  const next = line.before.length === 0 ? nextWords(tree, line, part) : [];
  const own = line.verb === undefined ? nothing : await wordsOf(line.verb, part, ask);
  return { ...own, words: [...next, ...own.words] };
}

type Ask = { tree: Tree; line: Line; live: Live };
const nothing: Offers = { words: [] };
const before =
  (start: string) =>
  ({ word, about }: Offer): Offer => ({ word: start + word, about });

/** The words that go on naming a verb: `create` after `token`. One that cannot be meant with the flags given is not among them. */
function nextWords({ verbs, families }: Tree, { path, given }: Line, part: string): Offer[] {
  const start = path === "" ? "" : `${path} `;
  const offers = new Map<string, Offer>();
  for (const [name, { about, ignores = [] }] of Object.entries(verbs)) {
    if (!name.startsWith(start) || ignores.some((flag) => given.has(flag))) continue;
    const [word = "", ...others] = name.slice(start.length).split(" ");
    if (!word.startsWith(part)) continue;
    offers.set(word, { word, about: others.length === 0 ? about : (families[start + word] ?? about) });
  }
  return [...offers.values()];
}

/** Flags that may still be given. */
function flagsLeft({ tree, line }: Ask): Offer[] {
  const flags = Object.entries(flagsOf(tree, line));
  const left = flags.filter(([name, { multiple }]) => multiple === true || !line.given.has(name));
  return left.map(([name, { about }]) => ({ word: `--${name}`, about }));
}

async function wordsOf(verb: NonNullable<Line["verb"]>, part: string, ask: Ask): Promise<Offers> {
  const at = ask.line.before.length;
  const source = verb.words[Math.min(at, verb.words.length - 1)];
  if (source === undefined || at >= verb.most) return nothing;
  const [kind, name] = part.split("/", 2);
  // `servers/files` says both in one word.
  if (name !== undefined && source.includes("<kind") && verb.words[at + 1]?.includes("<name>") === true) {
    const found = kindNamed(ask.tree, kind ?? "");
    const names = found === undefined ? [] : await ask.live(found, ask.line);
    return { words: offered(names.filter((word) => word.startsWith(name))).map(before(`${kind}/`)) };
  }
  return await fromSource(source, part, ask);
}

/** The values of a flag; of a list, those that may follow the last comma. */
async function valuesOf({ value = "" }: FlagNode, part: string, ask: Ask): Promise<Offers> {
  if (!value.endsWith(",")) return await fromSource(value, part, ask);
  const head = part.slice(0, part.lastIndexOf(",") + 1);
  const { words } = await fromSource(value.slice(0, -1), part.slice(head.length), ask);
  return { words: words.filter(({ word }) => !head.split(",").includes(word)).map(before(head)) };
}

/** `a|b|<mark>|User:<mark>`: see `Verb.completes`. */
async function fromSource(source: string, part: string, ask: Ask): Promise<Offers> {
  const offers: Offer[] = [];
  let files: Offers["files"];
  for (const alternative of source === "" ? [] : source.split("|")) {
    const [, head = "", mark] = /^([^<]*)<(.+)>$/.exec(alternative) ?? [];
    if (mark === "file" || mark === "folder") files = mark;
    else if (mark === undefined) offers.push({ word: alternative, about: "" });
    else if (!part.startsWith(head)) offers.push({ word: head, about: "" });
    else offers.push(...(await marked(mark, part.slice(head.length), ask)).map(before(head)));
  }
  const words = offers.filter(({ word }) => word.startsWith(part));
  // Where a file or a word may stand, words come first.
  return files === undefined || words.length > 0 ? { words } : { words, files };
}

async function marked(mark: string, part: string, { tree, line, live }: Ask): Promise<Offer[]> {
  const [word, verb] = mark.split(" ");
  if (word === "kind") return kindsFor(tree, verb ?? "list", part);
  if (word === "context") return offered(await live("context", line));
  const kind = kindNamed(tree, word === "name" ? (line.before[0] ?? "") : mark);
  if (kind === undefined) return [];
  const taken = new Set([...line.before, ...line.after]);
  return offered((await live(kind, line)).filter((name) => !taken.has(name)));
}

const offered = (names: readonly string[]): Offer[] => names.map((word) => ({ word, about: "" }));

/** Each kind by one word, plural where it is listed; by another when that is how somebody begins. */
function kindsFor({ kinds }: Tree, verb: string, part: string): Offer[] {
  return kinds
    .filter(({ can }) => can.includes(verb))
    .flatMap(({ kind, plural, aliases, about }) => {
      const words = verb === "list" ? [plural, kind, ...aliases] : [kind, plural, ...aliases];
      const word = words.find((candidate) => candidate.startsWith(part));
      return word === undefined ? [] : [{ word, about }];
    });
}
