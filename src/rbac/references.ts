import { type FieldError, Problem } from "../lib/problem.ts";
import type { AnyKind, Reference, Resource } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import type { Manifest } from "../resources/parse.ts";
import type { Op } from "../storage/op.ts";
import type { SourceOf } from "./guarded-store.ts";
import { demandAt, judge } from "./judge.ts";
import type { Rights } from "./rights.ts";

/**
 * Whoever names a resource must be able to view it, and it must exist. What was named before is not asked for again, so that a description can
 * be changed by somebody who may not see the rest; `anew` asks for all of it.
 * @throws Problem `forbidden`, or `invalid` with every name that leads nowhere
 */
export function* checkReferences(
  sourceOf: SourceOf,
  rights: Rights,
  { kind, name, fields }: Pick<Manifest, "kind" | "name" | "fields">,
  existing: Resource | undefined,
  anew: boolean,
): Op<void> {
  const errors: FieldError[] = [];
  const before = anew || existing === undefined ? [] : referencesOf(kind, existing);
  for (const reference of referencesOf(kind, fields)) {
    const target = findKind(reference.plural);
    if (target === undefined || before.some((old) => old.plural === reference.plural && old.name === reference.name))
      continue;
    const found = yield* sourceOf(target).find(reference.name);
    demandAt(rights, "view", target, reference.name, found);
    if (found === undefined) errors.push({ path: reference.path, message: `there is no ${target.kind} of this name` });
  }
  if (errors.length > 0)
    throw new Problem("invalid", `this ${kind.kind} "${name}" refers to what does not exist`, { fields: errors });
}

/** What keeps this resource from being deleted, as `kind name`: a few of those that the caller may view, and of the others that there are some. */
export function* usersOf(sourceOf: SourceOf, rights: Rights, kind: AnyKind, item: Resource): Op<string[]> {
  const users: string[] = [];
  let isHidden = false;
  for (const plural of kind.heldBy ?? []) {
    const holder = findKind(plural);
    if (holder === undefined) continue;
    for (const candidate of yield* sourceOf(holder).list()) {
      const hit = referencesOf(holder, candidate).some(
        (r) => r.plural === kind.plural && r.ends !== true && [item.name, item.id].includes(r.name),
      );
      if (!hit) continue;
      if (judge(rights, "view", holder, candidate.name, candidate).allowed)
        users.push(`${holder.kind} ${candidate.name}`);
      else isHidden = true;
    }
  }
  return [...users.slice(0, 5), ...(isHidden ? ["what you may not view"] : [])];
}

const referencesOf = (kind: AnyKind, fields: Record<string, unknown>): Reference[] => kind.references?.(fields) ?? [];
