import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import type { Binding } from "../resources/rbac.ts";
import type { UserFields } from "../resources/user.ts";
import type { Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { holdersOf } from "../storage/subjects.ts";
import { escalation } from "./evaluate.ts";
import { heldBy, type Rights } from "./rights.ts";

/** Every kind and every operation: what the first administrator is given. */
export const everything: readonly Binding[] = [
  { role: "edit", resource: "*" },
  { role: "run", resource: "*" },
  { role: "run", action: "*" },
];

/** Writes to these may take somebody's rights away: also by ending a token, whose own definition may have been given to others as well. */
const identity = ["user", "group", "rbac", "mcptoken", "project", "serviceaccount"];

/**
 * Does a write, and undoes it when it would leave nobody who may do everything: there would be no way back in.
 * @throws Problem `conflict`
 */
export function* keepingAnAdministrator<T>(kind: AnyKind, existing: Resource | undefined, write: () => Op<T>): Op<T> {
  const atRisk = existing !== undefined && identity.includes(kind.kind) && (yield* anAdministratorExists());
  const done = yield* write();
  if (atRisk && !(yield* anAdministratorExists())) {
    throw new Problem("conflict", "this would leave nobody who may do everything", {
      hint: "make somebody else an administrator first: mcpctl get rbac administrators -o yaml",
    });
  }
  return done;
}

/** @throws Problem `conflict` */
export function refuseOnOneself(rights: Rights, kind: AnyKind, item: Resource, what: "deleted" | "disabled"): void {
  if (item.id !== rights.userId || !["user", "serviceaccount"].includes(kind.kind)) return;
  throw new Problem("conflict", `your own account is not ${what} by yourself`, {
    hint: "ask another administrator to do it",
  });
}

/** Only people count: a service account has no password to come back with. */
/** Whether somebody may do everything. */
export function* anAdministratorExists(): Op<boolean> {
  for (const id of yield* holdersOf('%"resource":"*"%')) {
    const user = yield* findResource("user", id);
    if (user === undefined || (user.fields as UserFields).disabled === true) continue;
    if (escalation([{ who: user.name, held: yield* heldBy(`User:${id}`) }], everything).length === 0) return true;
  }
  return false;
}
