import { toolPatternCovers } from "../lib/pattern.ts";
import { type Binding, type Role, showBinding } from "../resources/rbac.ts";
import { candidates, type GrantIndex } from "./grant-index.ts";

/** What one may do to a resource. `update` is no role of its own: `edit` holds it. */
export type ResourceVerb = "view" | "create" | "update" | "delete" | "run";

/**
 * One thing somebody wants to do. Without a name it means every name. `call` is a use of what a server offers: `files/read_file`, or
 * `files/*` for all that is no single tool; without a project it means in any project.
 */
export type Attempt =
  | { verb: ResourceVerb; resource: string; name?: string }
  | { action: string }
  | { call: string; project?: string };

/** A binding and the name of what gives it, so that every decision can say why. */
export type Grant = { binding: Binding; from: string };

/** What one definition gives, and the group through which it comes. */
export type Held = { grants: GrantIndex; via?: string | undefined };

/**
 * Somebody who must be allowed: a user has one layer; a token has its own, its minters' and its owner's. Each layer has to allow an attempt by
 * itself, so a token is never more than any of those behind it.
 */
export type Layer = { who: string; held: readonly Held[] };

export type Consent = Grant & { who: string; via?: string | undefined };
export type Decision =
  | { allowed: true; by: readonly Consent[] }
  | { allowed: false; missing: string; who: string; because?: string };

export const verbsOf: Record<Role, readonly ResourceVerb[]> = {
  view: ["view"],
  create: ["create"],
  edit: ["view", "create", "update", "delete"],
  delete: ["delete"],
  run: ["run"],
};

/** Additive, deny by default: allowed when in every layer one grant alone covers the attempt (design §5). The only place that decides. */
export function decide(layers: readonly Layer[], attempt: Attempt): Decision {
  const by: Consent[] = [];
  for (const { who, held } of layers) {
    const consent = consentOf(who, held, attempt);
    if (consent === undefined) return { allowed: false, missing: missingFor(attempt), who };
    by.push(consent);
  }
  // Nobody to ask is nobody who consents.
  return by.length === 0 ? { allowed: false, missing: missingFor(attempt), who: "nobody" } : { allowed: true, by };
}

function consentOf(who: string, held: readonly Held[], attempt: Attempt): Consent | undefined {
  for (const { grants, via } of held) {
    for (const grant of candidates(grants, attempt)) if (covers(grant.binding, attempt)) return { ...grant, who, via };
  }
  return undefined;
}

/**
 * What a gift holds that its giver does not, atom by atom (one verb, one resource, one name), each of which one grant must cover.
 * Empty means no escalation. Never a union per dimension: view servers and delete tools is not delete servers.
 */
export function escalation(layers: readonly Layer[], given: readonly Binding[]): Attempt[] {
  return given.flatMap(atomsOf).filter((atom) => !decide(layers, atom).allowed);
}

/** How a missing right is written where one would give it. */
export function missingFor(attempt: Attempt): string {
  if ("action" in attempt) return `action:${attempt.action}`;
  if ("call" in attempt) return showBinding({ role: "run", resource: "tools", name: attempt.call });
  const role: Role = attempt.verb === "update" ? "edit" : attempt.verb;
  const { resource, name } = attempt;
  return showBinding(name === undefined ? { role, resource } : { role, resource, name });
}

/** The whole meaning of a binding. */
export function covers(binding: Binding, attempt: Attempt): boolean {
  if ("action" in attempt) return binding.action === "*" || binding.action === attempt.action;
  if (binding.action !== undefined || binding.resource === undefined) return false;
  if ("call" in attempt) return binding.role === "run" && coversCall(binding, attempt);
  if (!verbsOf[binding.role].includes(attempt.verb)) return false;
  if (binding.resource !== "*" && binding.resource !== attempt.resource) return false;
  return binding.name === undefined || binding.name === attempt.name;
}

/** Whoever may run a project may call all that it offers; a right on tools is one in every project that offers them. */
function coversCall({ resource, name }: Binding, { call, project }: { call: string; project?: string }): boolean {
  const whole = name === undefined;
  if (resource === "*") return whole || name === project;
  if (resource === "projects") return whole || name === project;
  return resource === "tools" && (whole || toolPatternCovers(name, call));
}

/** The attempts that a binding stands for. */
export function atomsOf(binding: Binding): Attempt[] {
  if (binding.action !== undefined) return [{ action: binding.action }];
  const { resource = "*", name } = binding;
  if (resource === "tools") return [{ call: name ?? "*/*" }];
  return verbsOf[binding.role].map((verb) => ({ verb, resource, ...(name === undefined ? {} : { name }) }));
}
