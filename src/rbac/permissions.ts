import { isToolPattern, patternReachesServer, toolPatternCovers } from "../lib/pattern.ts";
import type { Binding, Role } from "../resources/rbac.ts";
import { type Attempt, type Decision, decide, type Layer, type ResourceVerb, verbsOf } from "./evaluate.ts";

/*
 * The four questions that the rest of mcpctl asks, all of them answered by `decide`.
 */

export const canAccess = (layers: readonly Layer[], verb: ResourceVerb, resource: string, name?: string): Decision =>
  decide(layers, attemptOn(verb, resource, name));

/** Tools are called, whatever else is done to resources. */
export function attemptOn(verb: ResourceVerb, resource: string, name?: string): Attempt {
  if (verb === "run" && resource === "tools") return { call: name ?? "*/*" };
  return name === undefined ? { verb, resource } : { verb, resource, name };
}

export const canRunOperation = (layers: readonly Layer[], action: string): Decision => decide(layers, { action });

/** To which names of a resource one may do this: all of them, or these. Empty is none. */
export function getAllowedScope(layers: readonly Layer[], verb: ResourceVerb, resource: string): "all" | Set<string> {
  if (canAccess(layers, verb, resource).allowed) return "all";
  const named = layers.flatMap(({ held }) => held.flatMap(({ grants }) => grants.all.map(({ binding }) => binding)));
  const names = new Set(
    named.flatMap((b) => (b.name !== undefined && (b.resource === resource || b.resource === "*") ? [b.name] : [])),
  );
  return new Set([...names].filter((name) => canAccess(layers, verb, resource, name).allowed));
}

/** A right that somebody has, and all that gives it. */
export type Permission = { binding: Binding; from: string; via?: string | undefined };

/** Everything one may do, as bindings: what all layers give together. */
export function getPermissions(layers: readonly Layer[]): Permission[] {
  const [first, ...others] = layers.map(permissionsOf);
  return others.reduce(
    (met, next) =>
      distinct(
        met.flatMap((one) =>
          next.flatMap(({ binding }) => meet(one.binding, binding).map((both) => ({ ...one, binding: both }))),
        ),
      ),
    first ?? [],
  );
}

const permissionsOf = ({ held }: Layer): Permission[] =>
  held.flatMap(({ grants, via }) => grants.all.map((grant) => ({ ...grant, via })));

/** Whether something of this server may be called in this project, by each layer for itself: what lets one through the project's door. */
export const mayCallSome = (layers: readonly Layer[], server: string, project: string): boolean =>
  layers.length > 0 &&
  layers.every(({ held }) =>
    held.some(({ grants }) => grants.all.some(({ binding }) => reachesServer(binding, server, project))),
  );

function reachesServer({ role, action, resource, name }: Binding, server: string, project: string): boolean {
  if (role !== "run" || action !== undefined) return false;
  if (resource === "tools") return name === undefined || patternReachesServer(name, server);
  // To run a server, or anything else, that happens to bear the project's name is no way in.
  return (resource === "*" || resource === "projects") && (name === undefined || name === project);
}

/** What two bindings both allow, as bindings. Patterns of which neither holds the other are left out: rather too little than too much. */
export function meet(a: Binding, b: Binding): Binding[] {
  if (a.action !== undefined || b.action !== undefined) {
    if (a.action === undefined || b.action === undefined) return [];
    const action = a.action === "*" ? b.action : b.action === "*" || b.action === a.action ? a.action : undefined;
    return action === undefined ? [] : [{ role: "run", action }];
  }
  const resource = a.resource === "*" ? b.resource : b.resource === "*" || b.resource === a.resource ? a.resource : "";
  if (resource === undefined || resource === "") return [];
  const name = meetNames(a.name, b.name, resource);
  if (name === null) return [];
  const roles = rolesFor(verbsOf[a.role].filter((verb) => verbsOf[b.role].includes(verb)));
  return roles.map((role) => ({ role, resource, ...(name === undefined ? {} : { name }) }));
}

/** Null when no name is in both. */
function meetNames(a: string | undefined, b: string | undefined, resource: string): string | undefined | null {
  if (a === undefined || b === undefined || a === b) {
    const name = a ?? b;
    // A right of one name on every resource says nothing of tools, whose names are patterns.
    return resource === "tools" && name !== undefined && !isToolPattern(name) ? null : name;
  }
  if (resource !== "tools") return null;
  return toolPatternCovers(a, b) ? b : toolPatternCovers(b, a) ? a : null;
}

const rolesFor = (verbs: readonly ResourceVerb[]): Role[] =>
  verbs.length === verbsOf.edit.length ? ["edit"] : verbs.filter((verb) => verb !== "update");

function distinct(permissions: readonly Permission[]): Permission[] {
  const seen = new Map<string, Permission>();
  for (const permission of permissions) {
    const key = JSON.stringify([permission.binding, permission.from, permission.via]);
    if (!seen.has(key)) seen.set(key, permission);
  }
  return [...seen.values()];
}
