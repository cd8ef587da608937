import type { Resource } from "../resources/define.ts";
import type { Binding, RbacFields } from "../resources/rbac.ts";
import type { StoredToken } from "../storage/tokens.ts";
import { stateOf } from "./authenticate.ts";
import { shaOf } from "./bearer.ts";

/** A definition that no longer names the token gives it nothing, and gives nothing to the one it is rotated into. */
export function bindingsOf({ definition, hash }: StoredToken): Binding[] {
  if (definition === null) return [];
  const { subjects, roleBindings } = JSON.parse(definition) as RbacFields;
  return subjects.some(({ kind, name }) => kind === "McpToken" && name === shaOf(hash)) ? roleBindings : [];
}

/** A token as everybody sees it: never its bearer, never its hash. */
export function presentToken(token: StoredToken, now: number): Resource {
  const iso = (at: number | null) => (at === null ? undefined : new Date(at).toISOString());
  const bindings = bindingsOf(token);
  const fields = {
    project: token.projectName,
    description: token.description ?? undefined,
    roleBindings: bindings.length === 0 ? undefined : bindings,
    tools: token.tools ?? undefined,
    readOnly: token.readOnly ? true : undefined,
    owner: token.ownerName,
    sha: shaOf(token.hash),
    parent: token.parentId ?? undefined,
    successor: token.successorId ?? undefined,
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
