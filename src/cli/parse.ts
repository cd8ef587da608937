import { didYouMean, nearest } from "../lib/nearest.ts";
import { Problem } from "../lib/problem.ts";
import { familyOf, lastWords } from "./families.ts";
import { flagWords, type Parsed } from "./flag-words.ts";
import { habits } from "./habits.ts";
import { type Args, type Flag, type Flags, globalFlags, kebab, type Verb } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** What a command line begins with: a verb, or no more than the first words of several. `left` is what follows. */
export type Found = { name: string; verb: Verb | undefined; left: string[] };
const mostWords = 3;

/**
 * The verb of a command line, as many words long as there is one; global flags may stand before and between them. `verb` is undefined when
 * there is none, and `name` then what was said of one: `token`, or nothing.
 * @throws Problem `invalid` with the nearest verb
 */
export function findVerb(argv: readonly string[]): Found {
  let found: Found = { name: "", verb: undefined, left: [...argv] };
  let [name, left] = ["", found.left];
  for (let length = 0; length < mostWords; length++) {
    const at = firstWord(left);
    const word = left[at];
    if (word === undefined) break;
    name = name === "" ? word : `${name} ${word}`;
    left = left.toSpliced(at, 1);
    if (Object.hasOwn(verbs, name)) found = { name, verb: verbs[name], left };
    else if (familyOf(name) !== undefined) found = { name, verb: undefined, left };
    else break;
  }
  const next = found.left[firstWord(found.left)];
  const words = `${found.name} ${next ?? ""}`.trim();
  const meant = habits.get(words);
  if (meant !== undefined) throw new Problem("invalid", `there is no "${words}" here.`, { hint: meant });
  if (found.verb !== undefined || next === undefined) return found;
  throw unknownVerb(found.name, next);
}

/**
 * Reads the words and flags of one verb, strictly: unknown flags, surplus words and missing ones are errors.
 * @throws Problem `invalid` with the nearest match
 */
export function parseWords(name: string, verb: Verb, flags: Flags, argv: readonly string[]): Args {
  const all: Flags = { ...globalFlags, ...flags };
  // Each kind has flags of its own.
  const helped =
    verb.words.startsWith("KIND") && verb.flagsFor !== undefined ? `${name} ${argv[firstWord(argv)]}` : name;
  const { values, positionals, rest } = strictly(helped, all, spelled(argv, all));
  if (positionals.length > verb.most)
    throw usage(name, `there are too many words: "${positionals[verb.most]}" was not expected`);
  if (positionals.length < verb.least && values["help"] !== true)
    throw usage(name, `a word is missing: mcpctl ${name} ${verb.words}`);
  if (rest.length > 0 && verb.takesRest !== true) throw usage(name, "nothing is expected after --");
  const list = (flag: string): readonly string[] => [values[flag] ?? []].flat().map(String);
  return {
    words: positionals,
    rest,
    flag: (flag) => list(flag).at(-1),
    flags: list,
    has: (flag) => values[flag] === true,
  };
}

export const usage = (verb: string, message: string) =>
  new Problem("invalid", message, { hint: `mcpctl ${verb} --help` });

type Line = Parsed & { rest: string[] };

function strictly(name: string, flags: Flags, argv: readonly string[]): Line {
  const end = argv.indexOf("--");
  const [before, rest] = end < 0 ? [argv, []] : [argv.slice(0, end), argv.slice(end + 1)];
  return { ...flagWords(before, flags, (reason) => usage(name, reason)), rest: [...rest] };
}

/** Flags are understood in kebab-case, in the camelCase of the field and in the singular, whichever is theirs; one that may stand alone gets its value. */
function spelled(argv: readonly string[], flags: Flags): string[] {
  const end = argv.indexOf("--");
  const own = new Map(Object.keys(flags).map((name) => [kebab(name), name]));
  return argv.map((word, index) => {
    const [, name, value = ""] = /^--([A-Za-z-]+)(=.*)?$/s.exec(word) ?? [];
    if (name === undefined || (end >= 0 && index >= end)) return word;
    // Scripts say `--subject` once for each.
    const known = name in flags ? name : (own.get(kebab(name)) ?? own.get(`${kebab(name)}s`));
    if (known === undefined) return word;
    const alone = flags[known]?.alone;
    return `--${known}${value === "" && alone !== undefined ? `=${alone}` : value}`;
  });
}

/** The place of the first word that is no flag and no global flag's value. */
export function firstWord(argv: readonly string[]): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") return argv.length;
    if (!word.startsWith("-") || word === "-") return i;
    const flag = Object.entries<Flag>(globalFlags).find(
      ([name, { short }]) => word === `--${name}` || word === `-${short}`,
    );
    if (flag?.[1].type === "string") i++;
  }
  return argv.length;
}

function unknownVerb(family: string, word: string): Problem {
  const of = familyOf(family);
  if (of !== undefined) {
    const near = nearest(word, lastWords(of));
    const meant = near === undefined ? "" : ` Did you mean "${family} ${near}"?`;
    return new Problem("invalid", `"${family}" has no verb "${word}".${meant}`, { hint: `mcpctl ${family} --help` });
  }
  const firsts = [...new Set(Object.keys(verbs).map((verb) => verb.split(" ")[0] ?? ""))];
  return new Problem("invalid", `there is no verb "${word}".${didYouMean(word, firsts)}`, { hint: "mcpctl --help" });
}
