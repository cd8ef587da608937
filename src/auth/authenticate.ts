import { Problem } from "../lib/problem.ts";
import type { TimedCaller, TokenFacts } from "../rbac/rights.ts";
import { principalKind } from "../resources/group.ts";
import { findSession, type Session } from "../storage/identity.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { findToken, findTokenByHash, type StoredToken } from "../storage/tokens.ts";
import type { Credential, Verified } from "./access-token.ts";
import { type BearerKeys, bearerKind, storedAs, tokenSubject } from "./bearer.ts";

/** What introspection says of a token, in the words of design §4. */
export type TokenState = "active" | "revoked" | "expired" | "unknown";

export const stateOf = (
  token: Pick<StoredToken, "revokedAt" | "expiresAt">,
  now: number,
): Exclude<TokenState, "unknown"> =>
  token.revokedAt !== null ? "revoked" : token.expiresAt !== null && token.expiresAt <= now ? "expired" : "active";

/**
 * Who bears this. Sessions, tokens and what an issuer vouches for come through this one door; a malformed bearer is refused without a look at
 * the database.
 * @throws Problem `unauthenticated`, which says why and never repeats the bearer
 */
export function* callerOf(hashKeys: BearerKeys, bearer: Credential, now: number): Op<TimedCaller> {
  if (bearer === undefined)
    throw refused(
      "No token was given",
      "mcpctl login; a program sends `Authorization: Bearer TOKEN`, which mcpctl token create NAME -p PROJECT makes",
    );
  if (typeof bearer === "object") return yield* verifiedCaller(bearer, now);
  const kind = bearerKind(bearer);
  if (kind === undefined)
    throw refused("The token is malformed", "copy the whole token, from mcpctl_ to its last character");
  return kind === "session"
    ? sessionCaller(yield* storedAs(hashKeys, bearer, findSession), now)
    : yield* tokenCaller(yield* storedAs(hashKeys, bearer, findTokenByHash), now);
}

/** An account of ours that an issuer's token names. Nobody is made an account by being named. */
function* verifiedCaller({ name, expiresAt, id }: Verified, now: number): Op<TimedCaller> {
  if (expiresAt <= now) throw refused("The access token has expired", "get a new one from your identity provider");
  const found = yield* findResource(principalKind(name) === "users" ? "user" : "serviceaccount", name);
  // Resources are found by id too, which is no name.
  if (found?.name !== name)
    throw refused("The access token names nobody who has an account here", "mcpctl create user ADDRESS");
  return { kind: "verified", principalId: found.id, accessTokenId: id, until: expiresAt };
}

function sessionCaller(session: Session | undefined, now: number): TimedCaller {
  if (session === undefined) throw refused("This login is unknown or has ended", "mcpctl login");
  if (session.expiresAt !== null && session.expiresAt <= now) throw refused("This login has expired", "mcpctl login");
  return { kind: "session", principalId: session.userId, sessionId: session.id, until: endOf(session) };
}

function* tokenCaller(token: StoredToken | undefined, now: number): Op<TimedCaller> {
  if (token === undefined) throw refused("The token is unknown", "mcpctl token create NAME -p PROJECT");
  return yield* callerFor(token, now);
}

/** The caller that the bearer of this token would be. @throws Problem `unauthenticated` */
export function* callerOfToken(id: string, now: number): Op<TimedCaller> {
  const token = yield* findToken(id, undefined);
  if (token === undefined) throw refused("The token is unknown", "mcpctl get mcptokens");
  return yield* callerFor(token, now);
}

function* callerFor(token: StoredToken, now: number): Op<TimedCaller> {
  const state = stateOf(token, now);
  if (state !== "active")
    throw refused(`The token is ${state}`, `mcpctl token create ${token.name} -p ${token.projectName} --force`);
  const minters = yield* mintersOf(token, now);
  return {
    kind: "token",
    token: factsOf(token),
    minters: minters.map(factsOf),
    ownerId: token.ownerId,
    projectId: token.projectId,
    projectName: token.projectName,
    until: Math.min(...[token, ...minters].map(endOf)),
  };
}

const endOf = ({ expiresAt }: { expiresAt: number | null }): number => expiresAt ?? Number.POSITIVE_INFINITY;

/** How long a line of tokens that minted tokens may be; minting refuses to make it longer. */
export const mostMinters = 4;

/** The tokens in whose line this one stands, each of which must still be accepted. */
function* mintersOf(token: StoredToken, now: number): Op<StoredToken[]> {
  const minters: StoredToken[] = [];
  for (let { parentId } = token; parentId !== null; ) {
    const parent = yield* findToken(parentId, undefined);
    if (parent === undefined || stateOf(parent, now) !== "active" || minters.length >= mostMinters)
      throw refused(
        "The token that minted this one has ended",
        `mcpctl token create ${token.name} -p ${token.projectName}`,
      );
    minters.push(parent);
    parentId = parent.parentId;
  }
  return minters;
}

const factsOf = ({ id, name, hash, tools, readOnly }: StoredToken): TokenFacts => ({
  id,
  name,
  subject: tokenSubject(hash),
  tools,
  readOnly,
});

const refused = (detail: string, hint: string) => new Problem("unauthenticated", detail, { hint });

/**
 * The bearer in an Authorization header. Basic is understood because vLLM can send nothing else (reference/clients.md §2.1): either half,
 * as long as exactly one of them is a bearer of ours.
 */
export function bearerIn(authorization: string | null): string | undefined {
  if (authorization === null) return undefined;
  // As nearly everybody writes it.
  if (authorization.startsWith("Bearer ") && authorization.lastIndexOf(" ") === 6) return authorization.slice(7);
  const [, scheme = "", value = ""] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return value;
  if (scheme.toLowerCase() !== "basic") return "";
  const decoded = Buffer.from(value, "base64").toString();
  const colon = decoded.indexOf(":");
  const halves = colon < 0 ? [decoded] : [decoded.slice(0, colon), decoded.slice(colon + 1)];
  const bearers = halves.filter((half) => bearerKind(half) !== undefined);
  return bearers.length === 1 ? bearers[0] : "";
}
