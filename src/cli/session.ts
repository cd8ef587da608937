import { type Client, connect, type Target } from "../client/client.ts";
import { isId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { type AnyKind, aKind } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import { unknownKind } from "../resources/unknown-kind.ts";
import type { Env } from "./environment.ts";
import { instead } from "./instead.ts";
import { usage } from "./parse.ts";
import { targetFor } from "./target.ts";
import type { Args } from "./verb.ts";
import { witness } from "./witness.ts";

/** The instance that a command line is about. `except` names a flag that means something else for this verb. */
export const clientFor = (args: Args, env: Env, except?: "url" | "token"): Client =>
  clientAt(targetFor(args, env, except === undefined ? {} : { [except]: undefined }), args, env);

export const clientAt = (target: Target, args: Args, env: Env): Client =>
  connect(target, env.fetch, witness(args, env));

/** For who is not logged in yet, or should not be told who it is. */
export const anonymousAt = (target: Target, args: Args, env: Env): Client =>
  clientAt({ ...target, token: undefined, login: undefined }, args, env);

/** The project meant where there must be one: `-p`, else that of the context. Lists are narrowed by `-p` alone. */
export const projectNeeded = (args: Args): string | undefined => args.flag("project") ?? args.standingProject?.();

/** Nobody is there, or nobody who knows us: what this executable knows by itself is of use all the same. */
export const isAway = (error: unknown): error is Problem =>
  error instanceof Problem && (error.code === "unavailable" || error.code === "unauthenticated");

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
  const said = args.flag("project");
  const [name] = names.filter((candidate) => !isId(candidate) && !isSha(candidate));
  if (said !== undefined || name === undefined || kind.scopes !== undefined) return said;
  const project = args.standingProject?.();
  if (project !== undefined) return project;
  throw new Problem("invalid", `each project may have ${aKind(kind)} "${name}": which project is meant?`, {
    hint: `add -p PROJECT (mcpctl context set -p PROJECT keeps one), or give the digits of its SUBJECT: mcpctl get ${kind.plural} -o wide`,
  });
}

/** As a token is named in rights and audit: `McpToken:0123456789abcdef`. */
const isSha = (word: string): boolean => /^[0-9a-f]{16}$/.test(word);

/** @throws Problem `invalid` when nobody can be asked, so that a script never waits for an answer */
export async function confirm(question: string, args: Args, env: Env): Promise<boolean> {
  if (args.has("yes") || !env.isInteractive) return true;
  return /^y(es)?$/i.test((await env.ask(`${question} [y/N] `)).trim());
}
