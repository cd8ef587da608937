import { type FlagNode, type FlagNodes, kindNamed, type Tree, type VerbNode } from "./tree.ts";

/** A command line as far as it is understood, half written as it may be: nothing in it is an error. */
export type Line = {
  /** The words that name the verb, or begin to: of `token create` also `token` alone. */
  path: string;
  verb: VerbNode | undefined;
  /** The words after the verb that stand before the cursor, and those after it. */
  before: string[];
  after: string[];
  /** The flag that the word at the cursor is the value of. */
  awaiting: FlagNode | undefined;
  /** `--` stands before the cursor: what follows is somebody else's. */
  isClosed: boolean;
  /** The values of each flag that is given elsewhere; of one without a value none. */
  given: Map<string, string[]>;
};

/** Reads a command line round the word at `cursor`. Pure. */
export function readLine(tree: Tree, words: readonly string[], cursor: number): Line {
  const line: Line = {
    path: "",
    verb: undefined,
    before: [],
    after: [],
    awaiting: undefined,
    isClosed: false,
    given: new Map(),
  };
  const left = take(tree, line, words.slice(0, cursor), (word) => {
    if (!extendPath(tree, line, word)) line.before.push(word);
  });
  line.isClosed = left === "closed";
  line.awaiting = typeof left === "object" ? left : undefined;
  if (!line.isClosed) take(tree, line, words.slice(cursor + 1), (word) => void line.after.push(word));
  return line;
}

/** Flags are kept, words handed on; answers the flag that still waits for its value, or that `--` ended it. */
function take(
  tree: Tree,
  line: Line,
  words: readonly string[],
  onWord: (word: string) => void,
): FlagNode | "closed" | undefined {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") return "closed";
    if (!word.startsWith("-") || word === "-") {
      onWord(word);
      continue;
    }
    const [, spelling = "", value] = /^(-[^-=]|--[^=]*)=?(.+)?$/s.exec(word) ?? [];
    const [name, flag] = flagSpelt(flagsOf(tree, line), spelling) ?? [];
    if (name === undefined || flag === undefined) continue;
    const values = line.given.get(name) ?? [];
    line.given.set(name, values);
    if (flag.value === undefined) continue;
    if (value === undefined && flag.alone === true) continue;
    if (value === undefined && !word.includes("=") && ++i === words.length) return flag;
    values.push(value ?? words[i] ?? "");
  }
  return undefined;
}

/** Whether this word goes on naming the verb. `config view` is a verb, and so is `config` with another word. */
function extendPath({ verbs }: Tree, line: Line, word: string): boolean {
  const longer = line.path === "" ? word : `${line.path} ${word}`;
  const isVerb = Object.hasOwn(verbs, longer);
  if (line.before.length > 0 || (!isVerb && !Object.keys(verbs).some((name) => name.startsWith(`${longer} `))))
    return false;
  line.path = longer;
  line.verb = isVerb ? verbs[longer] : undefined;
  return true;
}

/** The flags that this line may have. */
export function flagsOf(tree: Tree, { verb, before }: Line): FlagNodes {
  const ofKind = verb?.flagsOf?.[kindNamed(tree, before[0] ?? "")?.kind ?? ""];
  const everywhere = Object.entries(tree.everywhere).filter(([name]) => verb?.ignores?.includes(name) !== true);
  const own = { ...ofKind, ...verb?.flags };
  // Its own come first, and mean what they mean here.
  return { ...own, ...Object.fromEntries(everywhere), ...own };
}

export const flagSpelt = (flags: FlagNodes, spelling: string): [string, FlagNode] | undefined =>
  Object.entries(flags).find(([name, { short }]) => spelling === `--${name}` || spelling === `-${short}`);
