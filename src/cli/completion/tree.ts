import made from "./tree.json";

/**
 * The command tree as completion needs it, small enough to be read within a start that does nothing else. `tree.json` is made of the verbs and
 * the kinds by `bun scripts/docs.ts`; nobody writes it.
 */
export type Tree = {
  verbs: Record<string, VerbNode>;
  /** What verbs have in common that begin alike, by the words they begin with. */
  families: Record<string, string>;
  everywhere: FlagNodes;
  kinds: readonly KindNode[];
};

export type VerbNode = {
  about: string;
  /** How many words it takes. */
  most: number;
  /** What each may be, as `Verb.completes` writes it; the last goes for all that follow. */
  words: readonly string[];
  flags: FlagNodes;
  /** Flags that depend on the kind which is its first word. */
  flagsOf?: Record<string, FlagNodes>;
  ignores?: readonly string[];
};

/** `value` is absent where the flag takes none, and empty where nobody knows what it may be; with `alone` it follows `=` or not at all. */
export type FlagNode = { about: string; short?: string; value?: string; alone?: true; multiple?: true };
export type FlagNodes = Record<string, FlagNode>;

export type KindNode = {
  kind: string;
  plural: string;
  aliases: readonly string[];
  about: string;
  /** What can be done with it, in the words of the registry: list, get, create, update, delete. */
  can: readonly string[];
  /** Those of one project can be asked for. */
  inProject?: true;
};

export const tree: Tree = made as Tree;

/** The kind of a word, or of `kind/name`. */
export function kindNamed({ kinds }: Tree, word: string): KindNode | undefined {
  const wanted = (word.split("/")[0] ?? "").toLowerCase();
  return kinds.find(({ kind, plural, aliases }) => [kind, plural, ...aliases].includes(wanted));
}
