import type { Clock } from "../lib/clock.ts";
import { isId, newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { tokenBindings } from "../rbac/ceiling.ts";
import type { Rotation } from "../rbac/guarded-store.ts";
import type { Rights } from "../rbac/rights.ts";
import type { Also, Saved, Source } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import type { McpTokenFields } from "../resources/mcp-token.ts";
import type { Binding } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import {
  deleteToken,
  endTokenBy,
  findToken,
  findTokenBySha,
  insertToken,
  listTokens,
  revokeToken,
  type StoredToken,
  succeedToken,
  tokensBefore,
  tokensUnder,
} from "../storage/tokens.ts";
import { mostMinters, stateOf } from "./authenticate.ts";
import { type BearerKeys, bearerHash, mintBearer, shownPrefix } from "./bearer.ts";
import { endTokensOf, giveBindings, takeBindings } from "./token-rights.ts";
import { bindingsOf, presentToken } from "./token-view.ts";
import { atMost, expiryOf, type TokenPolicy } from "./ttl.ts";

/** Tokens as a kind: minted once, never changed, ended by revoking (which keeps the record) or deleting. */
export function tokenSource(hashKeys: BearerKeys, clock: Clock, policy: TokenPolicy): Source {
  const show = (token: StoredToken) => presentToken(token, clock.now());

  function* stored(id: string): Op<StoredToken> {
    const token = yield* findToken(id, undefined);
    if (token === undefined) throw new Problem("not_found", "the token is gone", { hint: "mcpctl get mcptokens" });
    return token;
  }

  /** Answers the token as it lies there, and its bearer for the only time. */
  function* mint(id: string, token: Omit<StoredToken, Fresh>, bindings: readonly Binding[]): Op<Saved> {
    const bearer = mintBearer("token");
    const made = { id, hash: bearerHash(hashKeys[0], bearer), prefix: shownPrefix(bearer), createdAt: clock.now() };
    yield* insertToken({ ...token, ...made, successorId: null, revokedAt: null, lastUsedAt: null });
    yield* giveBindings(made, token.name, bindings, made.createdAt);
    return { resource: show(yield* stored(id)), action: "created", token: bearer };
  }

  function* cutShort(id: string, endsAt: number, also: Also): Op<void> {
    const before = show(yield* stored(id));
    yield* endTokenBy(id, endsAt);
    const after = show(yield* stored(id));
    if (after["expiresAt"] !== before["expiresAt"]) also({ kind: "mcptoken", action: "update", before, after });
  }

  return {
    *list(projectId) {
      return (yield* listTokens(projectId)).map(show);
    },
    *find(ref, projectId) {
      // A name alone says nothing: without a project it is the subject's digits that are meant, as where a definition names a token.
      const token =
        projectId === undefined && !isId(ref) ? yield* findTokenBySha(ref) : yield* findToken(ref, projectId);
      return token === undefined || outside(token, projectId) ? undefined : show(token);
    },
    occupancy,
    *save(name, input, existing, by, also) {
      const fields = input as McpTokenFields;
      if (existing !== undefined) {
        if (occupancy(existing, fields) === "taken") return { resource: existing, action: "unchanged" };
        // An expired token holds its name until it is revoked; a new one of that name ends it for good.
        yield* revoke(existing.id, clock.now(), also);
      }
      return yield* mint(newId(), yield* newToken(name, fields, by, clock.now(), policy), tokenBindings(fields, by));
    },
    *remove(resource, also) {
      const now = clock.now();
      // What it minted goes with it, record and all; what was rotated into it ends.
      yield* endTokensOf(resource.id, also, now);
      yield* takeBindings(yield* stored(resource.id), also);
      yield* deleteToken(resource.id);
      yield* revoke(resource.id, now, also);
    },
    *revoke(resource, also) {
      yield* revoke(resource.id, clock.now(), also);
      return show(yield* stored(resource.id));
    },
    *rotate(resource, { overlapMs, ttl }: Rotation, also) {
      const now = clock.now();
      const old = yield* stored(resource.id);
      if (stateOf(old, now) !== "active" || old.successorId !== null)
        throw new Problem(
          "conflict",
          `token "${old.name}" is ${old.successorId === null ? stateOf(old, now) : "rotated already"}`,
          {
            hint: `mcpctl token create ${old.name} -p ${old.projectName}`,
          },
        );
      const life = old.expiresAt === null ? null : now + (old.expiresAt - old.createdAt);
      const expiresAt = yield* withinParent(
        ttl === undefined ? atMost(life, now, policy) : expiryOf(ttl, now, policy),
        old.parentId,
        ttl !== undefined,
      );
      const id = newId();
      yield* succeedToken(old.id, id, now + overlapMs);
      const bindings = bindingsOf(old);
      if (overlapMs === 0) yield* revoke(old.id, now, also);
      else for (const child of yield* tokensUnder(old.id)) yield* cutShort(child, now + overlapMs, also);
      return yield* mint(id, { ...old, expiresAt }, bindings);
    },
  };
}

const occupancy = (existing: Resource, fields: Record<string, unknown>) =>
  existing["state"] !== "active" || existing["successor"] !== undefined
    ? "free"
    : fields["force"] === true
      ? "replaced"
      : "taken";

/** What minting itself decides; all else a token takes from its fields or from the one it succeeds. */
type Fresh = "id" | "hash" | "prefix" | "createdAt" | "successorId" | "revokedAt" | "lastUsedAt";

/**
 * Ends a token for good, with all that it minted and those whose name it has by rotation: whoever revokes a name means all that answers to it.
 * Their records stay, so that `get mcptokens` and the audit can still name them.
 */
export function* revoke(id: string, now: number, also: Also): Op<void> {
  for (const ending of [id, ...(yield* tokensBefore(id))]) {
    for (const one of [ending, ...(yield* tokensUnder(ending))]) {
      const token = yield* findToken(one, undefined);
      if (token === undefined || token.revokedAt !== null) continue;
      yield* revokeToken(one, now);
      // What was asked for is recorded by whoever asked.
      if (one !== id) {
        const after = presentToken({ ...token, revokedAt: now }, now);
        also({ kind: "mcptoken", action: "revoke", before: presentToken(token, now), after });
      }
      yield* takeBindings(token, also);
    }
  }
}

function* newToken(
  name: string,
  fields: McpTokenFields,
  by: Rights,
  now: number,
  policy: TokenPolicy,
): Op<Omit<StoredToken, Fresh>> {
  const project = yield* findResource("project", fields.project);
  if (project === undefined)
    throw new Problem("not_found", "there is no project of this name", { hint: "mcpctl get projects" });
  if (by.filters.length > mostMinters)
    throw new Problem("invalid", "this token stands at the end of too long a line of tokens that minted tokens", {
      hint: "mint it with a login, or with a token further up the line",
    });
  const parentId = by.tokenId ?? null;
  return {
    name,
    description: fields.description ?? null,
    projectId: project.id,
    projectName: project.name,
    ownerId: by.userId,
    ownerName: by.user,
    parentId,
    tools: fields.tools ?? null,
    readOnly: fields.readOnly === true,
    definition: null,
    expiresAt: yield* withinParent(expiryOf(fields.ttl, now, policy), parentId, fields.ttl !== undefined),
  };
}

/** A token ends no later than the one that minted it. @throws Problem `invalid` when a later end was asked for */
function* withinParent(expiresAt: number | null, parentId: string | null, asked: boolean): Op<number | null> {
  const parent = parentId === null ? undefined : yield* findToken(parentId, undefined);
  const end = parent?.expiresAt ?? null;
  if (end === null || (expiresAt !== null && expiresAt <= end)) return expiresAt;
  if (!asked) return end;
  throw new Problem("invalid", "the ttl reaches beyond the token that mints this one", {
    fields: [{ path: "/ttl", message: `ends after ${new Date(end).toISOString()}` }],
    hint: "leave --ttl out: then both end together",
  });
}

/** An id says which token is meant, but not that it is one of the project that was named with it. */
const outside = (token: StoredToken, projectId: string | undefined) =>
  projectId !== undefined && token.projectId !== projectId;
