import { newId } from "../lib/id.ts";
import { type Also, present } from "../rbac/source.ts";
import type { Binding } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";
import { deleteResource, findResource, insertResource } from "../storage/resources.ts";
import { setSubjects } from "../storage/subjects.ts";
import { findToken, tokensUnder } from "../storage/tokens.ts";
import { shaOf } from "./bearer.ts";
import { leaveAll } from "./subjects.ts";
import { presentToken } from "./token-view.ts";

type Hashed = { id: string; hash: string };

/** The definition that is made for a token with bindings, and goes with it. */
const nameOf = (tokenId: string) => `mcptoken-${tokenId}`;

export function* giveBindings(
  token: Hashed,
  tokenName: string,
  roleBindings: readonly Binding[],
  now: number,
): Op<void> {
  if (roleBindings.length === 0) return;
  const id = newId();
  const fields = {
    description: `Made for the token ${tokenName}; it goes with it`,
    subjects: [{ kind: "McpToken", name: shaOf(token.hash) }],
    roleBindings,
  };
  yield* insertResource({
    id,
    kind: "rbac",
    name: nameOf(token.id),
    version: 1,
    fields,
    createdAt: now,
    updatedAt: now,
  });
  yield* setSubjects(id, [`McpToken:${token.id}`]);
}

/** A token that ends gives back all it was given: its own definition, and its place in others. */
export function* takeBindings({ id, hash }: Hashed, also: Also): Op<void> {
  const own = yield* findResource("rbac", nameOf(id));
  if (own !== undefined) {
    yield* deleteResource(own.id);
    also({ kind: "rbac", action: "delete", before: present(own) });
  }
  yield* leaveAll("McpToken", id, shaOf(hash), also);
}

/** Before a project, an account or a token goes, whose tokens go with it. */
export function* endTokensOf(id: string, also: Also, now: number): Op<void> {
  for (const tokenId of yield* tokensUnder(id)) {
    const token = yield* findToken(tokenId, undefined);
    if (token === undefined) continue;
    also({ kind: "mcptoken", action: "delete", before: presentToken(token, now) });
    yield* takeBindings(token, also);
  }
}
