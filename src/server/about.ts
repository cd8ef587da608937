import { Problem } from "../lib/problem.ts";
import { type AuditEvent, eventOf } from "../operations/audit-entry.ts";
import { covers } from "../rbac/evaluate.ts";
import { judge, judgeOperation } from "../rbac/judge.ts";
import type { Rights } from "../rbac/rights.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { findKind, kinds } from "../resources/index.ts";
import { Rbac, type RbacFields, showBinding } from "../resources/rbac.ts";
import { queryAudit } from "../storage/audit-query.ts";
import type { Op } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";
import { auditRead, confined } from "./audit-follow.ts";
import type { Rooms } from "./rooms.ts";

/** So many of each sort are told; of the others how many there are. */
const most = { related: 20, rights: 50, events: 5 } as const;

/** Another resource, as it is named on the command line. */
export type Related = { kind: string; name: string; project?: string };
export type MayDo = { subject: string; right: string; from: string };

/** What there is to tell of a resource besides itself, as far as the caller may view it. */
export type About = {
  uses: Related[];
  usedBy: Related[];
  moreUsers: number;
  rights: MayDo[];
  /** Definitions that give rights to it and that the caller may not view. */
  hiddenRights: number;
  /** Its last changes, newest first; absent for who may not read the audit log. */
  events?: AuditEvent[];
};

export function* aboutOf(rights: Rights, kind: AnyKind, item: Resource, rooms: Rooms): Op<About> {
  const usedBy = yield* usersOf(rights, kind, item, rooms);
  const events = yield* eventsOf(rights, kind, item);
  return {
    uses: yield* usesOf(rights, kind, item, rooms),
    usedBy: usedBy.slice(0, most.related),
    moreUsers: Math.max(0, usedBy.length - most.related),
    ...(yield* whoMay(rights, kind, item)),
    ...(events === undefined ? {} : { events }),
  };
}

function* usesOf(rights: Rights, kind: AnyKind, item: Resource, { store }: Rooms): Op<Related[]> {
  const found = new Map<string, Related>();
  for (const { plural, name } of kind.references?.(item) ?? []) {
    const target = findKind(plural);
    if (target === undefined || found.size >= most.related) continue;
    const used = yield* orNothing(() => store.get(rights, target, name), undefined);
    if (used !== undefined) found.set(`${plural}/${used.id}`, relatedOf(target, used));
  }
  return [...found.values()];
}

/** All that refer to it and have not ended. */
function* usersOf(rights: Rights, kind: AnyKind, item: Resource, { store }: Rooms): Op<Related[]> {
  const users: Related[] = [];
  for (const holder of kinds as readonly AnyKind[]) {
    const { references, ended } = holder;
    if (references === undefined) continue;
    for (const candidate of yield* orNothing(() => store.list(rights, holder), []))
      if (
        ended?.(candidate) !== true &&
        references(candidate).some(({ plural, name }) => plural === kind.plural && [item.name, item.id].includes(name))
      )
        users.push(relatedOf(holder, candidate));
  }
  return users;
}

const relatedOf = ({ kind }: AnyKind, item: Resource): Related => ({
  kind,
  name: item.name,
  ...(typeof item["project"] === "string" ? { project: item["project"] } : {}),
});

/** Nothing of what may not be viewed. */
function* orNothing<T, N>(work: () => Op<T>, nothing: N): Op<T | N> {
  try {
    return yield* work();
  } catch (error) {
    if (error instanceof Problem && (error.code === "forbidden" || error.code === "not_found")) return nothing;
    throw error;
  }
}

const verbs = ["view", "update", "delete", "run"] as const;

/** Who was given what to it. A token is told nothing: what there is beyond its wall is none of its business. */
function* whoMay(rights: Rights, kind: AnyKind, item: Resource): Op<Pick<About, "rights" | "hiddenRights">> {
  const may: MayDo[] = [];
  let hiddenRights = 0;
  if (rights.project !== undefined) return { rights: may, hiddenRights };
  for (const { name: from, fields } of yield* listResources(Rbac.kind)) {
    const { subjects, roleBindings } = fields as RbacFields;
    const given = roleBindings.filter((binding) =>
      verbs.some((verb) => covers(binding, { verb, resource: kind.plural, name: item.name })),
    );
    if (given.length === 0 || subjects.length === 0) continue;
    if (!judge(rights, "view", Rbac, from).allowed) hiddenRights++;
    else
      for (const subject of subjects)
        for (const binding of given)
          may.push({ subject: `${subject.kind}:${subject.name}`, right: showBinding(binding), from });
  }
  return { rights: may.slice(0, most.rights), hiddenRights };
}

/** What was done to it, and told of it, since it was made: one that bore its name before is another. */
function* eventsOf(rights: Rights, kind: AnyKind, item: Resource): Op<AuditEvent[] | undefined> {
  if (!judgeOperation(rights, auditRead).allowed) return undefined;
  const project = typeof item["project"] === "string" ? item["project"] : undefined;
  const about = { resource: `${kind.plural}/${item.name}`, project, since: Date.parse(item.createdAt) };
  const rows = [];
  for (const sort of ["change", "notice"])
    rows.push(...(yield* queryAudit(confined(rights, { ...about, kind: sort }), { limit: most.events })));
  return rows
    .toSorted((a, b) => b.seq - a.seq)
    .slice(0, most.events)
    .map(eventOf);
}
