import { type Client, connect } from "../client/client.ts";
import { targetOf } from "../client/contexts.ts";
import { isId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { type AnyKind, aKind } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import { unknownKind } from "../resources/parse.ts";
import { instead } from "./draft.ts";
import type { Env } from "./environment.ts";
import { usage } from "./parse.ts";
import type { Args } from "./verb.ts";

/** The instance that a command line is about. `except` names a flag that means something else for this verb. */
export function clientFor(args: Args, env: Env, except?: string): Client {
  const flag = (name: string) => (name === except ? undefined : args.flag(name));
  const choice = { url: flag("url"), token: flag("token"), context: flag("context") };
  return connect(targetOf(choice, env.variables, env.home), env.fetch);
}

/** @throws Problem `invalid` with the nearest kind */
export function kindOf(word: string): AnyKind {
  const kind = findKind(word);
  if (kind === undefined) throw unknownKind(word);
  return kind;
}

/** `servers files own`, `servers/files`, or `servers` alone: the kind and the names that follow. */
export function kindAndNames(words: readonly string[]): { kind: AnyKind; names: string[] } {
  const [first = "", ...others] = words;
  const [word = "", name] = first.split("/", 2);
  const kind = kindOf(word);
  if (name === undefined) return { kind, names: others };
  return { kind, names: [name, ...others.map((other) => (other.includes("/") ? sameKind(kind, other) : other))] };
}

/** `server files …` or `server/files …`: one resource that can be changed, and the words about it. @throws Problem `invalid` */
export function kindNameAndRest(
  verb: string,
  words: readonly string[],
): { kind: AnyKind; name: string; rest: string[] } {
  const [first = "", ...others] = words;
  const slash = first.indexOf("/");
  const kind = kindOf(slash < 0 ? first : first.slice(0, slash));
  if (!kind.verbs.includes("update"))
    throw new Problem("invalid", `${kind.plural} are not changed`, { hint: instead[kind.kind] ?? "mcpctl --help" });
  const [name = "", ...rest] = slash < 0 ? others : [first.slice(slash + 1), ...others];
  if (name === "" || name.includes("=")) throw usage(verb, `which ${kind.kind}?`);
  return { kind, name, rest };
}

function sameKind(kind: AnyKind, word: string): string {
  const [other = "", name = ""] = word.split("/", 2);
  if (kindOf(other) !== kind)
    throw new Problem("invalid", "all names must be of one kind", { hint: "run the command once for each kind" });
  return name;
}

/**
 * The project of what is named within one. Tokens have names of their own in each project: by name they need it, by id or by the digits of
 * their subject they do not. Where a name may be of no project, the server knows which is meant.
 * @throws Problem `invalid`
 */
export function projectFor(kind: AnyKind, args: Args, names: readonly string[]): string | undefined {
  if (!("project" in kind.fields.properties)) return undefined;
  const project = args.flag("project");
  const [name] = names.filter((candidate) => !isId(candidate) && !isSha(candidate));
  if (project !== undefined || name === undefined || kind.scopes !== undefined) return project;
  throw new Problem("invalid", `each project may have ${aKind(kind)} "${name}": which project is meant?`, {
    hint: `add -p PROJECT, or give the digits of its SUBJECT: mcpctl get ${kind.plural} -o wide`,
  });
}

/** As a token is named in rights and audit: `McpToken:0123456789abcdef`. */
const isSha = (word: string): boolean => /^[0-9a-f]{16}$/.test(word);

/** @throws Problem `invalid` when nobody can be asked, so that a script never waits for an answer */
export async function confirm(question: string, args: Args, env: Env): Promise<boolean> {
  if (args.has("yes") || !env.isInteractive) return true;
  return /^y(es)?$/i.test((await env.ask(`${question} [y/N] `)).trim());
}
