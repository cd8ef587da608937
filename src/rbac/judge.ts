import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { modelsOf, type ProjectFields, serverNames } from "../resources/project.ts";
import type { Op } from "../storage/op.ts";
import { type Decision, missingFor, type ResourceVerb } from "./evaluate.ts";
import { attemptOn, canAccess, canRunOperation, getAllowedScope } from "./permissions.ts";
import { type Rights, refusalOf, wallText } from "./rights.ts";

/** What is known of a resource when it is asked for: all of it, or what a new one will be. */
export type Known = Partial<Resource> & Record<string, unknown>;

/**
 * Whether this caller may do this to this very resource: its bindings first, then what belongs to it, then the project's wall.
 * Lists, reads, writes and `auth can-i` all ask here. `item` is absent when there is none of this name.
 */
export function judge(rights: Rights, verb: ResourceVerb, kind: AnyKind, name: string, item?: Known): Decision {
  const decision = answerTo(rights, verb, kind, name, item);
  if (!decision.allowed && item !== undefined && owns(rights, verb, kind, item))
    return asOwner(rights, verb, kind, name);
  if (!decision.allowed || rights.project === undefined || insideWall(rights, verb, kind, item)) return decision;
  return outside(rights.subject, rights.project, verb, kind, name);
}

/** What reaches every project is written with the right on all of its kind: one name is borne by what is in single projects too. */
function answerTo({ layers }: Rights, verb: ResourceVerb, kind: AnyKind, name: string, item?: Known): Decision {
  const decision = canAccess(layers, verb, kind.plural, name);
  // Whoever lacks even that is told nothing of whether it is there.
  if (!decision.allowed || verb === "view" || item === undefined || kind.reachesAll?.(item) !== true) return decision;
  const whole = canAccess(layers, verb, kind.plural);
  return whole.allowed ? whole : { ...whole, because: `it is told in every project, and a right of one name is not` };
}

export function judgeOperation(rights: Rights, action: string): Decision {
  const decision = canRunOperation(rights.layers, action);
  if (!decision.allowed || rights.project === undefined || operationsWithin.includes(action)) return decision;
  return { allowed: false, missing: missingFor({ action }), who: rights.subject, because: wallText(rights.project) };
}

/** @throws Problem `forbidden` */
export function demandOn(rights: Rights, verb: ResourceVerb, kind: AnyKind, name: string, item?: Known): void {
  const decision = judge(rights, verb, kind, name, item);
  if (!decision.allowed) throw refusalOf(rights, decision);
}

/**
 * The same of what a reference leads to, by name or id. The refusal speaks of the reference: whether an id leads anywhere, and to what name,
 * is nothing to tell somebody who may not see it. @throws Problem `forbidden`
 */
export function demandAt(rights: Rights, verb: ResourceVerb, kind: AnyKind, ref: string, item?: Known): void {
  const decision = judge(rights, verb, kind, item?.name ?? ref, item);
  if (decision.allowed) return;
  const whole = missingFor(attemptOn(verb, kind.plural));
  const missing = decision.missing === whole ? whole : missingFor(attemptOn(verb, kind.plural, ref));
  throw refusalOf(rights, { ...decision, missing });
}

/** @throws Problem `forbidden` */
export function demandOperation(rights: Rights, action: string): void {
  const decision = judgeOperation(rights, action);
  if (!decision.allowed) throw refusalOf(rights, decision);
}

/** A filter for items of a kind that may be seen; undefined when there can be none: the difference between an empty list and a refusal. */
export function viewOf(rights: Rights, kind: AnyKind): ((item: Resource) => boolean) | undefined {
  const scope = getAllowedScope(rights.layers, "view", kind.plural);
  const some = (scope === "all" || scope.size > 0) && (rights.project === undefined || kind.plural in withinWall);
  if (!some) return undefined;
  return (item) =>
    ((scope === "all" || scope.has(item.name)) && insideWall(rights, "view", kind, item)) ||
    owns(rights, "view", kind, item);
}

/** Whether this caller may do this to every resource of a kind; no token may, since none reaches beyond its project. */
export function judgeAll(rights: Rights, verb: ResourceVerb, kind: AnyKind): Decision {
  const decision = canAccess(rights.layers, verb, kind.plural);
  return decision.allowed && rights.project !== undefined
    ? outside(rights.subject, rights.project, verb, kind)
    : decision;
}

/** Whether there is anything to be asked about a list; which of it is shown is asked of each. @throws Problem `forbidden` */
export function* demandList(rights: Rights, kind: AnyKind): Op<void> {
  if (viewOf(rights, kind) === undefined && (kind.owner === undefined || rights.project !== undefined))
    throw refusalToList(rights, kind);
}

/** Why nothing of a kind may be seen. */
export function refusalToList(rights: Rights, kind: AnyKind): Problem {
  const decision = judgeAll(rights, "view", kind);
  return decision.allowed
    ? new Problem("internal", "a list was refused to somebody who may see it")
    : refusalOf(rights, decision);
}

/** A person sees and ends their own logins and tokens without any right to; a token has nothing of its own. */
function owns(rights: Rights, verb: ResourceVerb, kind: AnyKind, item: Known): boolean {
  if (rights.project !== undefined || kind.owner === undefined) return false;
  return (verb === "view" || verb === "delete") && kind.owner(item as Resource) === rights.user;
}

type Wall = {
  verbs: readonly ResourceVerb[];
  belongs: (item: Known, project: Resource, verb: ResourceVerb) => boolean;
};
const all: readonly ResourceVerb[] = ["view", "create", "update", "delete"];
const isOf = (item: Known, project: Resource): boolean => item["project"] === project.name;

/** What of a project a token may reach at all, and what it may do there. Servers and models are shared between projects, so they are only looked at. */
const withinWall: Record<string, Wall> = {
  projects: { verbs: ["view", "update", "delete", "run"], belongs: (item, project) => item.id === project.id },
  servers: { verbs: ["view"], belongs: (item, project) => serversOf(project).includes(String(item.name)) },
  instances: { verbs: ["view"], belongs: (item, project) => serversOf(project).includes(String(item["server"])) },
  toolchanges: { verbs: ["view"], belongs: (item, project) => serversOf(project).includes(String(item["server"])) },
  proxymodels: {
    verbs: ["view"],
    belongs: (item, project) => modelsOf(project as unknown as ProjectFields).some(({ name }) => name === item.name),
  },
  // Those of every project it is told by its own as well.
  prompts: {
    verbs: all,
    belongs: (item, project, verb) => isOf(item, project) || (verb === "view" && item["project"] === undefined),
  },
  promptrequests: { verbs: all, belongs: isOf },
  mcptokens: { verbs: all, belongs: isOf },
};
const operationsWithin: readonly string[] = ["logs", "audit-read"];

function insideWall({ project }: Rights, verb: ResourceVerb, kind: AnyKind, item: Known | undefined): boolean {
  if (project === undefined) return true;
  const rule = withinWall[kind.plural];
  return rule !== undefined && item !== undefined && rule.verbs.includes(verb) && rule.belongs(item, project, verb);
}

const serversOf = (project: Resource): readonly string[] => serverNames(project as unknown as ProjectFields);

const asOwner = (rights: Rights, verb: ResourceVerb, kind: AnyKind, name: string): Decision => ({
  allowed: true,
  by: [
    {
      binding: { role: verb === "delete" ? "delete" : "view", resource: kind.plural, name },
      from: "being its owner",
      who: rights.subject,
    },
  ],
});

const outside = (who: string, project: Resource, verb: ResourceVerb, kind: AnyKind, name?: string): Decision => ({
  allowed: false,
  missing: missingFor(attemptOn(verb, kind.plural, name)),
  who,
  because: wallText(project),
});
