import type { Outcome } from "../answers.ts";
import type { ListName } from "../catalog/offer.ts";
import type { NamedTarget, Target, View } from "../catalog/view.ts";
import { quoted } from "../lexemes.ts";
import { LongParams, longMember, type Params } from "../params.ts";
import type { Shape } from "../pipeline/shape.ts";
import { isHopKey } from "../protocol.ts";
import { eachMember, type Members, membersOf, withMembers } from "../spans.ts";
import type { Introduction } from "../upstream/upstream.ts";
import type { Inbound } from "./inbound.ts";
import type { Live } from "./live.ts";
import type { Own } from "./own.ts";

/** What is found in a view by what it is called. */
export type Found = "tools" | "prompts" | "resources";

/** What a method works with. `forward` sends params to a server. */
export type Exchange = {
  inbound: Inbound;
  /** Who answers, as the client is told: the project, or the one server that the endpoint is of. */
  face: Face;
  view: () => View | Promise<View>;
  /** The same once the server was listed that this may be a name of; undefined when there is none to wait for. */
  viewWith: (list: Found, asked: string) => Promise<View | undefined>;
  /** What of the view this caller may see; undefined when it is all of it. */
  may: May | undefined;
  /** In words, what `may` decides by: of two callers of one view with the same, both may see the same. */
  policy: () => string;
  /** Whether anything of a server is open to this caller. */
  reaches: (server: string) => boolean;
  /** The same of what is about to be used: a no is a refusal, which the audit log learns of. */
  mayUse: May;
  forward: (target: Target & { text?: string }, method: string, params: Params) => Promise<Outcome>;
  /** The same as the last that is done for it: the exchange itself is told of the outcome. */
  handOn: (target: Target & { text?: string }, method: string, params: Params) => void;
  /** What its session asked for; undefined outside of one. */
  live: Live | undefined;
  /** The session's subscriptions are others now: its servers are told. Answers which of them will not tell of changes. */
  resubscribe: () => Promise<readonly string[]>;
  /** The task that this caller was given under this id: the tool that began it, and what its server calls it. */
  taskOf: (shown: string) => { tool: NamedTarget; id: string } | undefined;
  /** What the project has beside its servers. */
  own: Own | undefined;
  /** What the project's proxy model makes of it; undefined when there is none. */
  shape: () => Shape | undefined | Promise<Shape | undefined>;
  /** For a client that looks for nothing but text. */
  isFussy: boolean;
  /** Those that the client declared. */
  extensions: Readonly<Record<string, unknown>> | undefined;
};

/** How an endpoint presents itself. `known` are the introductions of its servers, as far as they have been spoken to. */
export type Face = {
  info: unknown;
  instructions: string | undefined;
  known: readonly Introduction[];
  isSingle: boolean;
};

/** Whether something that a server offers is open to the caller; `text` is a tool's description as the server wrote it. */
export type May = (list: ListName, target: Target & { text?: string }) => boolean;

const isOfHop = (key: string): boolean => key === "inputResponses" || key === "requestState" || key === "task";

/** The same of what a client sent, as it sent it: arguments that are long go on in pieces. */
export function sentOn(inbound: Inbound, changes: Readonly<Record<string, string | undefined>>): Params {
  const { brief, long } = inbound;
  if (long === undefined) return forwarded(brief, changes, inbound);
  return new LongParams(forwarded(brief, { ...changes, [longMember]: undefined }, inbound), long);
}

/**
 * The parameters as a server is given them: with these members replaced or added, the others byte for byte, and without those that speak about the
 * hop from the client to us. Those are the modern envelope, a progress token, which two clients may both use for different calls, and the wish for a
 * task of 2025-11-25, which we do not offer and nobody could ask after. `judged` is there where it was of this text.
 */
export function forwarded(
  paramsText: string,
  changes: Readonly<Record<string, string | undefined>>,
  judged?: Pick<Inbound, "members" | "meta">,
): string {
  const members = judged?.members ?? membersOf(paramsText);
  let text = "{";
  for (let n = 0; n < members.size; n++) {
    const key = members.key(n);
    if (!Object.hasOwn(changes, key)) {
      if (!isOfHop(key)) text = withMember(text, key, carriedOn(paramsText, members, n, judged?.meta));
    } else if (members.indexOf(key) === n) text = withMember(text, key, changes[key]);
  }
  for (const key in changes) if (members.indexOf(key) < 0) text = withMember(text, key, changes[key]);
  return `${text}}`;
}

function withMember(text: string, key: string, value: string | undefined): string {
  if (value === undefined) return text;
  const before = beginnings.get(key) ?? `${quoted(key)}:`;
  return text === "{" ? `{${before}${value}` : `${text},${before}${value}`;
}

/** Of those that nearly all calls have. */
const beginnings: ReadonlyMap<string, string> = new Map(
  ["name", "arguments", "uri", "_meta"].map((key) => [key, `${quoted(key)}:`]),
);

/** What of a member is not about the hop; undefined when that is nothing. */
function carriedOn(text: string, members: Members, n: number, meta: Inbound["meta"] | undefined): string | undefined {
  const isMeta = members.key(n) === "_meta";
  if (isMeta && meta !== undefined && isAllOfHop(meta)) return undefined;
  const value = text.slice(members.start(n), members.end(n));
  return isMeta ? carriedMeta(value) : value;
}

function isAllOfHop(meta: Inbound["meta"]): boolean {
  for (const key in meta) if (!isHopKey(key) && key !== "progressToken") return false;
  return true;
}

function carriedMeta(meta: string): string | undefined {
  if (!meta.startsWith("{")) return meta;
  const members = eachMember(meta);
  const own = members.filter(({ key }) => isHopKey(key) || key === "progressToken");
  if (own.length === members.length) return undefined;
  return own.length === 0 ? meta : withMembers(meta, Object.fromEntries(own.map(({ key }) => [key, undefined])));
}
