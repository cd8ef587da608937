import type { FlagNode, FlagNodes, KindNode, Tree, VerbNode } from "../../src/cli/completion/tree.ts";
import { familyOf } from "../../src/cli/families.ts";
import { type Flag, type Flags, globalFlags, type Verb } from "../../src/cli/verb.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { clientRows } from "../../src/client/clients/index.ts";
import { settingKeys } from "../../src/client/settings.ts";
import { findings } from "../../src/client/validator/findings.ts";
import { requirements } from "../../src/client/validator/requirements.ts";
import { brief } from "../../src/resources/define.ts";
import { kinds, wordsOf } from "../../src/resources/index.ts";

/** A description as a shell shows it beside a word: its first clause. */
const aboutOf = (text: string): string => brief(text.split(/[;:] /)[0], 90);

/** `src/cli/completion/tree.json`: what completion knows, one line a verb or kind, so that two branches seldom change the same. */
export async function completionTree(): Promise<string> {
  const nodes = await Promise.all(
    Object.entries(verbs).map(async ([name, verb]) => [name, await verbNode(name, verb)]),
  );
  const familyNames = [...new Set(Object.keys(verbs).flatMap(beginnings))];
  const tree: Tree = {
    verbs: Object.fromEntries(nodes) as Record<string, VerbNode>,
    families: Object.fromEntries(familyNames.map((name) => [name, aboutOf(familyOf(name)?.summary ?? "")])),
    everywhere: flagNodes(globalFlags),
    kinds: kinds.map(kindNode),
  };
  const list = (items: readonly unknown[]) => items.map((item) => `    ${JSON.stringify(item)}`).join(",\n");
  const rows = (object: object) =>
    Object.entries(object)
      .map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const parts = Object.entries(tree).map(
    ([part, of]) => `  "${part}": ${Array.isArray(of) ? `[\n${list(of)}\n  ]` : `{\n${rows(of)}\n  }`}`,
  );
  return `{\n${parts.join(",\n")}\n}\n`;
}

/** `backup`, `backup git` of `backup git log`. */
function beginnings(name: string): string[] {
  const words = name.split(" ");
  return words.slice(1).map((_, index) => words.slice(0, index + 1).join(" "));
}

async function verbNode(name: string, verb: Verb): Promise<VerbNode> {
  const byKind = verb.flagsFor !== undefined && verb.words.startsWith("KIND");
  const more = verb.flagsFor === undefined || byKind ? {} : await verb.flagsFor(undefined);
  return {
    about: aboutOf(verb.summary),
    most: verb.most,
    words: (verb.completes ?? wordsIn(verb.words, name)).map((word) => lists[word]?.join("|") ?? word),
    flags: flagNodes({ ...verb.flags, ...more }),
    ...(byKind ? { flagsOf: await flagsByKind(verb) } : {}),
    ...(verb.ignores === undefined ? {} : { ignores: verb.ignores }),
  };
}

async function flagsByKind({ flagsFor }: Verb): Promise<Record<string, FlagNodes>> {
  const pairs = kinds.map(
    async ({ kind }) => [kind, flagNodes((await flagsFor?.(kind).catch(() => {})) ?? {})] as const,
  );
  return Object.fromEntries((await Promise.all(pairs)).filter(([, flags]) => Object.keys(flags).length > 0));
}

/** What the registry calls that which a verb does. */
const doing: Record<string, string> = {
  get: "list",
  create: "create",
  edit: "update",
  patch: "update",
  delete: "delete",
};

/** What help says of the words of a verb, as completion reads it: `KIND [NAME…]`. */
function wordsIn(words: string, name: string): string[] {
  const marks: Record<string, string> = { KIND: `<kind ${doing[name] ?? "get"}>`, NAME: "<name>" };
  const [first = ""] = words.split(" | ");
  return first.split(" ").map((word) => {
    const alternatives = word.replace(/[[\]…]/g, "").split("|");
    return alternatives.map((plain) => marks[plain] ?? markOf(plain)).join("|");
  });
}

/** Words of help that stand for one of a list of ours. */
const lists: Record<string, readonly string[]> = {
  CLIENT: clientRows.map(({ id }) => id),
  SETTING: settingKeys,
  ID: [...findings, ...requirements].map(({ id }) => id),
};

/** `SERVER` are the names of servers, `FILE` is a file, `CLIENT` one that can be set up. */
const markOf = (word: string): string => {
  const lower = word.toLowerCase();
  if (lists[word] !== undefined) return lists[word].join("|");
  return ["file", "folder", "context"].includes(lower) || isKind(lower) ? `<${lower}>` : "";
};
const isKind = (word: string) => kinds.some((kind) => kind.kind === word);

function flagNodes(flags: Flags): FlagNodes {
  const shown = Object.entries(flags).filter(([, { hidden }]) => hidden !== true);
  return Object.fromEntries(shown.map(([name, flag]) => [name, flagNode(name, flag)]));
}

function flagNode(name: string, flag: Flag): FlagNode {
  const { type, short, multiple, description } = flag;
  return {
    about: aboutOf(description),
    ...(short === undefined ? {} : { short }),
    ...(type === "boolean" ? {} : { value: flag.completes ?? wanted(name, flag.hint ?? "") }),
    ...(flag.alone === undefined ? {} : { alone: true as const }),
    ...(multiple === true ? { multiple: true as const } : {}),
  };
}

/** `table|wide` is a choice, FILE a file; `--server NAME` names a server, and `--servers A,B` several. */
function wanted(name: string, hint: string): string {
  if (/^[a-z0-9-]+(\|[a-z0-9-]+)+$/i.test(hint) && hint !== hint.toUpperCase()) return hint;
  if (hint === "NAME" && (name === "context" || isKind(name))) return `<${name}>`;
  if (hint === "A,B" && kinds.some(({ plural }) => plural === name)) return `<${name}>,`;
  return markOf(hint);
}

function kindNode(kind: (typeof kinds)[number]): KindNode {
  const { properties } = kind.fields;
  return {
    kind: kind.kind,
    plural: kind.plural,
    aliases: wordsOf(kind).filter((word) => word !== kind.kind && word !== kind.plural),
    about: aboutOf(kind.description),
    can: kind.verbs,
    ...("project" in properties || "server" in properties ? { inProject: true as const } : {}),
  };
}
