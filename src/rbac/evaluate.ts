import { type Binding, type Role, showBinding } from "../resources/rbac.ts";

/** What one may do to a resource. `update` is no role of its own: `edit` holds it. */
export type ResourceVerb = "view" | "create" | "update" | "delete" | "run";

/** One thing somebody wants to do. Without a name it means every name. */
export type Attempt = { verb: ResourceVerb; resource: string; name?: string } | { action: string };

/** A binding and the name of what gives it, so that every decision can say why. */
export type Grant = { binding: Binding; from: string };

export type Decision = { allowed: true; by: Grant } | { allowed: false; missing: string };

const verbsOf: Record<Role, readonly ResourceVerb[]> = {
  view: ["view"],
  create: ["create"],
  edit: ["view", "create", "update", "delete"],
  delete: ["delete"],
  run: ["run"],
};

/** Additive, deny by default: allowed when one grant alone covers the attempt (design §5). The only place that decides. */
export function decide(grants: readonly Grant[], attempt: Attempt): Decision {
  const by = grants.find(({ binding }) => covers(binding, attempt));
  return by === undefined ? { allowed: false, missing: missingFor(attempt) } : { allowed: true, by };
}

/** True when this may be done to some name of the resource: the difference between an empty list and a refused one. */
export const mayDoToSome = (grants: readonly Grant[], verb: ResourceVerb, resource: string): boolean =>
  grants.some(({ binding: { name: _, ...anyName } }) => covers(anyName, { verb, resource }));

/**
 * What a gift holds that its giver does not, atom by atom (one verb, one resource, one name), each of which one grant must cover.
 * Empty means no escalation. Never a union per dimension: view servers and delete tools is not delete servers.
 */
export function escalation(held: readonly Grant[], given: readonly Binding[]): Attempt[] {
  return given.flatMap(atomsOf).filter((atom) => !decide(held, atom).allowed);
}

/** How a missing right is written where one would give it. */
export function missingFor(attempt: Attempt): string {
  if ("action" in attempt) return `action:${attempt.action}`;
  const role: Role = attempt.verb === "update" ? "edit" : attempt.verb;
  const { resource, name } = attempt;
  return showBinding(name === undefined ? { role, resource } : { role, resource, name });
}

function covers(binding: Binding, attempt: Attempt): boolean {
  if ("action" in attempt) return binding.action === "*" || binding.action === attempt.action;
  if (binding.action !== undefined || binding.resource === undefined) return false;
  return (
    verbsOf[binding.role].includes(attempt.verb) &&
    (binding.resource === "*" || binding.resource === attempt.resource) &&
    (binding.name === undefined || binding.name === attempt.name)
  );
}

function atomsOf(binding: Binding): Attempt[] {
  if (binding.action !== undefined) return [{ action: binding.action }];
  const { resource = "*", name } = binding;
  return verbsOf[binding.role].map((verb) => ({ verb, resource, ...(name === undefined ? {} : { name }) }));
}
