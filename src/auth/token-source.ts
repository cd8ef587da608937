import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import type { Rights } from "../rbac/rights.ts";
import type { Source } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import type { McpTokenFields } from "../resources/mcp-token.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { deleteToken, findToken, insertToken, listTokens, revokeToken, type StoredToken } from "../storage/tokens.ts";
import { stateOf } from "./authenticate.ts";
import { bearerHash, mintBearer, shownPrefix } from "./bearer.ts";
import { expiryOf, type TokenPolicy } from "./ttl.ts";

/** Tokens as a kind: minted once, never changed, ended by revoking (which keeps the record) or deleting. */
export function tokenSource(hashKey: Buffer, clock: Clock, policy: TokenPolicy): Source {
  const show = (token: StoredToken) => presentToken(token, clock.now());
  return {
    *list(projectId) {
      return (yield* listTokens(projectId)).map(show);
    },
    *find(ref, projectId) {
      const token = yield* findToken(ref, projectId);
      return token === undefined ? undefined : show(token);
    },
    occupancy: (existing, fields) =>
      existing["state"] !== "active" ? "free" : fields["force"] === true ? "replaced" : "taken",
    *save(name, input, existing, by) {
      const fields = input as McpTokenFields;
      const active = existing?.["state"] === "active";
      if (existing !== undefined && active && fields.force !== true) return { resource: existing, action: "unchanged" };
      // An expired token holds its name until it is revoked; a new one of that name ends it for good.
      if (existing !== undefined && existing["state"] !== "revoked") yield* revokeToken(existing.id, clock.now());
      const { token, bearer } = yield* mint(hashKey, name, fields, by, clock.now(), policy);
      return { resource: show(token), action: "created", token: bearer };
    },
    *remove(resource) {
      yield* deleteToken(resource.id);
    },
  };
}

/** Ends a token for good. Its record stays, so that `get mcptokens` and the audit can still name it. */
export function* revoke(token: Resource, now: number): Op<void> {
  yield* revokeToken(token.id, now);
}

function* mint(hashKey: Buffer, name: string, fields: McpTokenFields, by: Rights, now: number, policy: TokenPolicy) {
  const project = yield* findResource("project", fields.project);
  if (project === undefined)
    throw new Problem("not_found", "there is no project of this name", { hint: "mcpctl get projects" });
  const bearer = mintBearer("token");
  const token: StoredToken = {
    id: newId(),
    hash: bearerHash(hashKey, bearer),
    name,
    prefix: shownPrefix(bearer),
    description: fields.description ?? null,
    projectId: project.id,
    projectName: project.name,
    ownerId: by.userId,
    ownerName: by.subject.replace(/^User:/, ""),
    createdAt: now,
    expiresAt: expiryOf(fields.ttl, now, policy),
    revokedAt: null,
    lastUsedAt: null,
  };
  yield* insertToken(token);
  return { token, bearer };
}

function presentToken(token: StoredToken, now: number): Resource {
  const iso = (at: number | null) => (at === null ? undefined : new Date(at).toISOString());
  const fields = {
    project: token.projectName,
    description: token.description ?? undefined,
    owner: token.ownerName,
    prefix: token.prefix,
    state: stateOf(token, now),
    expiresAt: iso(token.expiresAt),
    revokedAt: iso(token.revokedAt),
    lastUsedAt: iso(token.lastUsedAt),
  };
  const createdAt = new Date(token.createdAt).toISOString();
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return {
    id: token.id,
    name: token.name,
    ...given,
    version: 1,
    createdAt,
    updatedAt: iso(token.revokedAt) ?? createdAt,
  };
}
