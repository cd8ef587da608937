import { Problem } from "../lib/problem.ts";
import type { Binding, RbacFields } from "../resources/rbac.ts";
import type { UserFields } from "../resources/user.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { definitionsFor } from "../storage/subjects.ts";
import { type Attempt, decide, type Grant } from "./evaluate.ts";

/** Who makes a request, as authentication found out. */
export type Caller =
  | { kind: "user"; userId: string; sessionId: string }
  | {
      kind: "token";
      tokenId: string;
      tokenName: string;
      subject: string;
      ownerId: string;
      projectId: string;
      projectName: string;
    };

/** What a caller may do at this moment. `project` confines a token: nothing outside it, whatever the grants say. */
export type Rights = {
  subject: string;
  userId: string;
  grants: readonly Grant[];
  project?: { id: string; name: string };
};

/**
 * Reads the truth anew at each request; there is no cache between a token and its rights. A token has what it was given AND what its owner
 * may do now AND nothing outside its project.
 * @throws Problem `unauthenticated` when the user is gone or disabled
 */
export function* rightsOf(caller: Caller): Op<Rights> {
  if (caller.kind === "user") {
    const user = yield* activeUser(caller.userId);
    return { subject: `User:${user}`, userId: caller.userId, grants: yield* grantsOf(caller.userId) };
  }
  yield* activeUser(caller.ownerId);
  const use = { role: "run", resource: "projects", name: caller.projectName } as const satisfies Binding;
  const ownerMay = decide(yield* grantsOf(caller.ownerId), {
    verb: "run",
    resource: "projects",
    name: caller.projectName,
  });
  return {
    subject: caller.subject,
    userId: caller.ownerId,
    grants: ownerMay.allowed ? [{ binding: use, from: `token ${caller.tokenName}` }] : [],
    project: { id: caller.projectId, name: caller.projectName },
  };
}

/** Every right a user has, and the definition that gives it. */
export function* grantsOf(userId: string): Op<Grant[]> {
  const definitions = yield* definitionsFor(`User:${userId}`);
  return definitions.flatMap(({ name, fields }) =>
    (fields as RbacFields).roleBindings.map((binding) => ({ binding, from: name })),
  );
}

/** @throws Problem `forbidden`, naming the missing right and no more */
export function demand(rights: Rights, attempt: Attempt): Grant {
  const decision = decide(rights.grants, attempt);
  if (decision.allowed) return decision.by;
  throw new Problem("forbidden", `${rights.subject} lacks ${decision.missing}`, {
    hint: "ask an administrator for this right; `mcpctl whoami` shows the rights you have",
  });
}

function* activeUser(id: string): Op<string> {
  const user = yield* findResource("user", id);
  if (user === undefined || (user.fields as UserFields).disabled === true) {
    throw new Problem("unauthenticated", "The account behind this login is gone or disabled");
  }
  return user.name;
}
