import { type Attempt, covers, type Layer } from "./evaluate.ts";
import type { Permission } from "./permissions.ts";

/** What one of those who must agree has to say to an attempt: what allows it, or what comes near and why that is not enough. */
export type Answer = { who: string; by: readonly Permission[]; near: readonly (Permission & { lacks: string })[] };

const mostNear = 5;

/** Every binding that allows the attempt, layer by layer; where there is none, those that come nearest. Pure. */
export function explain(layers: readonly Layer[], attempt: Attempt): Answer[] {
  return layers.map(({ who, held }) => {
    const all = held.flatMap(({ grants, via }) => grants.all.map((grant): Permission => ({ ...grant, via })));
    const by = all.filter(({ binding }) => covers(binding, attempt));
    const near = by.length > 0 ? [] : all.flatMap((permission) => nearMiss(permission, attempt));
    return { who, by, near: near.slice(0, mostNear) };
  });
}

/** A binding that would allow it if one thing about it were different, and which. */
function nearMiss(permission: Permission, attempt: Attempt): (Permission & { lacks: string })[] {
  const { binding } = permission;
  const { name: _, ...anyName } = binding;
  if (binding.name !== undefined && covers(anyName, attempt))
    return [{ ...permission, lacks: "it is for another name" }];
  if ("action" in attempt) return [];
  if (binding.action === undefined && "verb" in attempt && attempt.verb !== "run") {
    if (covers({ ...binding, role: "edit" }, attempt)) return [{ ...permission, lacks: "it is for another verb" }];
  }
  if ("verb" in attempt && attempt.name === undefined && binding.name !== undefined)
    return covers(binding, { ...attempt, name: binding.name })
      ? [{ ...permission, lacks: "it is for one name, not for all" }]
      : [];
  return [];
}
