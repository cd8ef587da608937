import { didYouMean } from "../lib/nearest.ts";
import { flagHabits } from "./habits.ts";
import type { Flag, Flags } from "./verb.ts";

type Value = string | boolean;
export type Parsed = { values: Record<string, Value | Value[] | undefined>; positionals: string[] };

/**
 * Tells flags with their values from the words between them, as everybody's command lines do: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * and several short ones after one dash. Not the platform's own reader: to load that takes a tenth of the start of an empty program.
 * @throws what `wrong` makes of the reason
 */
export function flagWords(argv: readonly string[], flags: Flags, wrong: (reason: string) => Error): Parsed {
  const values: Parsed["values"] = {};
  const positionals: string[] = [];
  const left = argv.toReversed();
  for (let word = left.pop(); word !== undefined; word = left.pop()) {
    if (!word.startsWith("-") || word === "-") {
      positionals.push(word);
      continue;
    }
    const { said, name, inline } = word.startsWith("--") ? long(word) : short(word, flags, left);
    const flag = name !== undefined && Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (name === undefined || flag === undefined) throw wrong(unknown(said, flags));
    if (flag.type === "boolean" && inline !== undefined) throw wrong(`the flag ${said} takes no value`);
    const value = flag.type === "boolean" ? true : (inline ?? valueAfter(said, left, wrong));
    values[name] = flag.multiple === true ? [...several(values[name]), value] : value;
  }
  return { values, positionals };
}

type Said = { said: string; name: string | undefined; inline: string | undefined };

function long(word: string): Said {
  const end = word.indexOf("=", 3);
  const said = end < 0 ? word : word.slice(0, end);
  return { said, name: said.slice(2), inline: end < 0 ? undefined : word.slice(end + 1) };
}

/** What follows a short flag that takes no value is further ones, which are read next. */
function short(word: string, flags: Flags, left: string[]): Said {
  const letter = word.charAt(1);
  const [name, flag] = Object.entries<Flag>(flags).find(([, one]) => one.short === letter) ?? [];
  const rest = word.slice(2);
  const isValue = rest !== "" && flag?.type === "string";
  if (rest !== "" && !isValue) left.push(`-${rest}`);
  return { said: `-${letter}`, name, inline: isValue ? rest : undefined };
}

function valueAfter(said: string, left: string[], wrong: (reason: string) => Error): string {
  const value = left.pop();
  const isDashed = value !== undefined && value.length > 1 && value.startsWith("-");
  if (value !== undefined && !isDashed) return value;
  throw wrong(`the flag ${said} needs a value${isDashed ? `; one that begins with a dash is written ${said}=-…` : ""}`);
}

function unknown(said: string, flags: Flags): string {
  const meant = flagHabits.get(said);
  if (meant !== undefined) return `there is no flag ${said}: ${meant}`;
  return `there is no flag ${said}.${didYouMean(
    said,
    Object.keys(flags).map((name) => `--${name}`),
  )}`;
}

const several = (value: Value | Value[] | undefined): Value[] => (Array.isArray(value) ? value : []);
