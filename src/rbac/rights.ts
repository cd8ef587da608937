import { patternReachesServer, toolPatternCovers } from "../lib/pattern.ts";
import { Problem } from "../lib/problem.ts";
import { remember } from "../lib/remember.ts";
import type { AuditActor } from "../resources/audit.ts";
import type { Resource } from "../resources/define.ts";
import type { Binding, RbacFields } from "../resources/rbac.ts";
import type { UserFields } from "../resources/user.ts";
import type { Op } from "../storage/op.ts";
import { findPrincipal, findResource } from "../storage/resources.ts";
import { definitionsFor, type Subject } from "../storage/subjects.ts";
import { type Attempt, type Consent, type Decision, decide, type Held, type Layer, missingFor } from "./evaluate.ts";
import { type GrantIndex, indexGrants } from "./grant-index.ts";
import { mayCallSome } from "./permissions.ts";
import { present } from "./source.ts";

/** A token as far as deciding goes. */
export type TokenFacts = {
  id: string;
  name: string;
  subject: string;
  tools: readonly string[] | null;
  readOnly: boolean;
};

/** Who makes a request, as authentication found out. A token comes with those that minted it, its own minter first. */
export type Caller =
  | { kind: "session"; principalId: string; sessionId: string }
  /** Vouched for by the operator's OAuth issuer. */
  | { kind: "verified"; principalId: string; accessTokenId: string }
  | {
      kind: "token";
      token: TokenFacts;
      minters: readonly TokenFacts[];
      ownerId: string;
      projectId: string;
      projectName: string;
    };

/** A caller, and the moment at which its bearer ends by the clock alone, that of its minters included; Infinity when it never does. */
export type TimedCaller = Caller & { until: number };

/** What a token may use besides what its layers say; each in the chain of its minters has its own. */
export type ToolFilter = Pick<TokenFacts, "tools" | "readOnly">;

/** What a caller may do at this moment. `project` confines a token: nothing outside it, whatever the layers say. */
export type Rights = {
  subject: string;
  /** The user or service account behind the subject: its id and name. */
  userId: string;
  user: string;
  layers: readonly Layer[];
  filters: readonly ToolFilter[];
  project?: Resource;
  /** Set when a token asks: it is the minter of what it mints. */
  tokenId?: string;
  /** Who this is in the audit log, and from where: nothing is decided by it. */
  actor: AuditActor;
  address?: string | undefined;
};

/**
 * Reads the truth anew at each request; there is no cache between a token and its rights. A token has what it was given AND what each that
 * minted it has AND what its owner may do now AND nothing outside its project.
 * @throws Problem `unauthenticated` when the account is gone or disabled
 */
export function* rightsOf(caller: Caller): Op<Rights> {
  if (caller.kind !== "token") {
    const { subject, name, layer } = yield* principalLayer(caller.principalId);
    const actor = { subject, user: name, sessionId: loginOf(caller) };
    return { subject, userId: caller.principalId, user: name, layers: [layer], filters: [], actor };
  }
  const { token, minters, ownerId, projectId, projectName } = caller;
  const owner = yield* principalLayer(ownerId);
  const project = yield* findResource("project", projectId);
  if (project === undefined) throw new Problem("unauthenticated", "The project of this token is gone");
  const layers: Layer[] = [];
  for (const one of [token, ...minters]) layers.push(yield* tokenLayer(one, projectName));
  return {
    subject: token.subject,
    userId: ownerId,
    user: owner.name,
    layers: [...layers, { ...owner.layer, who: `its owner ${owner.subject}` }],
    filters: [token, ...minters],
    project: present(project),
    tokenId: token.id,
    actor: {
      subject: token.subject,
      user: owner.name,
      tokenName: token.name,
      tokenSha: token.subject.slice("McpToken:".length),
    },
  };
}

/** Which login it was, in the words of the audit log. */
export const loginOf = (caller: Exclude<Caller, { kind: "token" }>): string =>
  caller.kind === "session" ? caller.sessionId : `oauth:${caller.accessTokenId}`;

/** An account that may be asked for, what it is called in RBAC, and all that it is given. @throws Problem `unauthenticated` */
function* principalLayer(id: string): Op<{ subject: string; name: string; layer: Layer }> {
  const row = yield* findPrincipal(id);
  if (row === undefined || (row.fields as UserFields).disabled === true)
    throw new Problem("unauthenticated", "The account behind this login is gone or disabled");
  const prefix = row.kind === "user" ? "User" : "ServiceAccount";
  const subject = `${prefix}:${row.name}`;
  return { subject, name: row.name, layer: { who: subject, held: yield* heldBy(`${prefix}:${id}`) } };
}

/** A token opens its own project's endpoint, all of it or the tools it was made for, and has the definitions that name it. */
function* tokenLayer({ id, name, subject, tools }: TokenFacts, project: string): Op<Layer> {
  const own =
    tools === null ? [useOf(project)] : tools.map((tool): Binding => ({ role: "run", resource: "tools", name: tool }));
  return { who: subject, held: [{ grants: indexGrants(own, `token ${name}`) }, ...(yield* heldBy(`McpToken:${id}`))] };
}

export const useOf = (project: string) =>
  ({ role: "run", resource: "projects", name: project }) as const satisfies Binding;

/** Every definition that gives a subject something, directly or through its groups. */
export function* heldBy(subject: Subject): Op<Held[]> {
  const held: Held[] = [];
  for (const { id, name, fields, via } of yield* definitionsFor(subject))
    held.push({ grants: indexed(id, name, fields), via: via === undefined ? undefined : `Group:${via}` });
  return held;
}

const remembered = new Map<string, { fields: string; grants: GrantIndex }>();
const mostRemembered = 2_000;

/** Parsing is remembered, deciding is not: the text read in this very transaction is compared, so nothing old is ever used. */
function indexed(id: string, name: string, fields: string): GrantIndex {
  const known = remembered.get(id);
  if (known?.fields === fields) return known.grants;
  const grants = indexGrants((JSON.parse(fields) as RbacFields).roleBindings, name);
  return remember(remembered, id, { fields, grants }, mostRemembered).grants;
}

/**
 * Whether the caller may use a tool of a server (`files/read_file`), or with `files/*` all that is no single tool. A token that names no project
 * means its own, here as at the gateway. Read-only is for the caller to ask of the tool.
 */
export function decideCall({ layers, filters, project: home, subject }: Rights, call: string, named: string): Decision {
  const project = named === "" && home !== undefined ? home.name : named;
  const decision = decide(layers, { call, project });
  if (!decision.allowed) return decision;
  if (home !== undefined && project !== home.name)
    return { allowed: false, missing: missingFor({ call, project }), who: subject, because: wallText(home) };
  const closed = filters.find(({ tools }) => tools !== null && !tools.some((tool) => toolPatternCovers(tool, call)));
  if (closed === undefined) return decision;
  return {
    allowed: false,
    missing: `tool ${call}`,
    who: "the token",
    because: "it was made for other tools (--tools)",
  };
}

/** Whether there is anything of this server that the caller may use in this project. */
export const reachesServer = ({ layers, filters }: Rights, server: string, project: string): boolean =>
  mayCallSome(layers, server, project) &&
  filters.every(({ tools }) => tools === null || tools.some((tool) => patternReachesServer(tool, server)));

/** Why a token is refused what its layers allow. */
export const wallText = (project: Resource) => `a token is confined to its project "${project.name}"`;

/** @throws Problem `forbidden`, naming the missing right and no more */
export function demand(rights: Rights, attempt: Attempt): readonly Consent[] {
  const decision = decide(rights.layers, attempt);
  if (decision.allowed) return decision.by;
  throw refusalOf(rights, decision);
}

export function refusalOf(rights: Rights, { missing, who, because }: Exclude<Decision, { allowed: true }>): Problem {
  const whose = who.startsWith("its owner") ? `${rights.subject}: ${who}` : rights.subject;
  const why = because === undefined ? "" : `: ${because}`;
  return new Problem("forbidden", `${whose} lacks ${missing}${why}`, {
    hint: "ask an administrator for this right; `mcpctl whoami` shows the rights you have",
  });
}
