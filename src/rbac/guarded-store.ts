import { isDeepStrictEqual } from "node:util";
import { type FieldError, Problem } from "../lib/problem.ts";
import type { AnyKind, Reference, Resource } from "../resources/define.ts";
import { findKind } from "../resources/index.ts";
import type { Manifest } from "../resources/parse.ts";
import type { RbacFields } from "../resources/rbac.ts";
import type { Op } from "../storage/op.ts";
import { decide, escalation, mayDoToSome, missingFor, type ResourceVerb } from "./evaluate.ts";
import { demand, grantsOf, type Rights } from "./rights.ts";
import { changedMeanwhile, type Saved, type Source } from "./source.ts";

export type SourceOf = (kind: AnyKind) => Source;
export type Mode = "create" | "update" | "apply";

/** The store that every request sees: it authorises, refuses escalation and dangling references, then stores, in one transaction. */
export type GuardedStore = ReturnType<typeof guardedStore>;

/** No route, import or future endpoint can step round this: the sources behind it are given to nobody else. */
export function guardedStore(sourceOf: SourceOf) {
  /** Exactly the items that `get` allows. */
  function* list(rights: Rights, kind: AnyKind, project?: string): Op<Resource[]> {
    demandSome(rights, "view", kind);
    const projectId = project === undefined ? undefined : yield* idOfProject(project);
    const items = yield* sourceOf(kind).list(projectId);
    return items.filter((item) => mayView(rights, kind, item));
  }

  function* get(rights: Rights, kind: AnyKind, ref: string, project?: string): Op<Resource> {
    return yield* find(rights, kind, ref, "view", project);
  }

  /** Finds what the caller may do this to. Whoever may not view it by name learns nothing of whether it exists. */
  function* find(
    rights: Rights,
    kind: AnyKind,
    ref: string,
    verb: "view" | "update" | "delete",
    project?: string,
  ): Op<Resource> {
    // Before the project is looked for: whether it exists is nothing to tell somebody without any right here.
    demandSome(rights, verb, kind);
    const projectId = project === undefined ? undefined : yield* idOfProject(project);
    const item = yield* sourceOf(kind).find(ref, projectId);
    demand(rights, { verb, resource: kind.plural, name: item?.name ?? ref });
    if (item === undefined) throw notFound(kind, ref, project);
    return item;
  }

  function* save(rights: Rights, manifest: Manifest, mode: Mode, expectedVersion?: number): Op<Saved> {
    const { kind, name, fields } = manifest;
    const source = sourceOf(kind);
    if (source.save === undefined) throw cannot(kind, "create");
    const project = typeof fields["project"] === "string" ? fields["project"] : undefined;
    if (mode === "create") demand(rights, { verb: "create", resource: kind.plural, name });
    yield* checkReferences(rights, kind, fields);
    const existing = yield* source.find(name, project === undefined ? undefined : yield* idOfProject(project));
    const occupancy = existing === undefined ? "free" : (source.occupancy?.(existing, fields) ?? "taken");
    if (occupancy === "replaced") demand(rights, { verb: "delete", resource: kind.plural, name });
    demand(rights, { verb: occupancy === "taken" ? "update" : "create", resource: kind.plural, name });
    if (occupancy === "free" && mode === "update") throw notFound(kind, name);
    if (occupancy === "taken" && mode === "create") throw exists(kind, name);
    if (expectedVersion !== undefined && expectedVersion !== (existing?.version ?? 0))
      throw changedMeanwhile(kind.kind, name);
    demandExecution(rights, kind, fields, existing);
    yield* checkCeiling(rights, kind, name, fields, existing);
    return yield* source.save(name, fields, existing, rights);
  }

  function* remove(rights: Rights, kind: AnyKind, ref: string, project?: string): Op<Resource> {
    const source = sourceOf(kind);
    if (source.remove === undefined) throw cannot(kind, "delete");
    const item = yield* find(rights, kind, ref, "delete", project);
    const users = yield* usersOf(kind, item);
    if (users.length > 0) {
      throw new Problem("conflict", `${kind.kind} "${item.name}" is in use by ${users.slice(0, 5).join(", ")}`, {
        hint: "take it out there first, then delete it",
      });
    }
    yield* source.remove(item);
    return item;
  }

  function* checkReferences(rights: Rights, kind: AnyKind, fields: Record<string, unknown>): Op<void> {
    const errors: FieldError[] = [];
    for (const reference of referencesOf(kind, fields)) {
      const target = findKind(reference.plural);
      const found = target === undefined ? undefined : yield* sourceOf(target).find(reference.name);
      demand(rights, { verb: "view", resource: reference.plural, name: found?.name ?? reference.name });
      if (found === undefined)
        errors.push({ path: reference.path, message: `there is no ${target?.kind} of this name` });
    }
    if (errors.length > 0)
      throw new Problem("invalid", `this ${kind.kind} refers to what does not exist`, { fields: errors });
  }

  /** The creator's ceiling when written: nobody hands out, by binding, password or token, what they do not hold (design §5). */
  function* checkCeiling(
    rights: Rights,
    kind: AnyKind,
    name: string,
    fields: Record<string, unknown>,
    existing: Resource | undefined,
  ): Op<void> {
    if (kind.kind === "rbac") {
      refuseEscalation(rights, (fields as RbacFields).roleBindings, `rbac "${name}" would give`);
    } else if (kind.kind === "user" && existing !== undefined) {
      // Setting somebody's password, or waking a disabled account, is taking over all that it may do.
      const theirs = yield* grantsOf(existing.id);
      if (existing.id !== rights.userId)
        refuseEscalation(
          rights,
          theirs.map((grant) => grant.binding),
          `user "${name}" holds`,
        );
    } else if (kind.kind === "mcptoken") {
      demand(rights, { verb: "run", resource: "projects", name: String(fields["project"]) });
    }
  }

  /** What still refers to this resource, as `kind name`. Tokens end with their project, so they do not hold it. */
  function* usersOf(kind: AnyKind, item: Resource): Op<string[]> {
    const users: string[] = [];
    for (const plural of ["servers", "projects"]) {
      const holder = findKind(plural);
      if (holder === undefined || holder === kind) continue;
      for (const candidate of yield* sourceOf(holder).list()) {
        const hit = referencesOf(holder, candidate).some(
          (r) => r.plural === kind.plural && [item.name, item.id].includes(r.name),
        );
        if (hit) users.push(`${holder.kind} ${candidate.name}`);
      }
    }
    return users;
  }

  function* idOfProject(ref: string): Op<string> {
    const kind = findKind("projects");
    const project = kind === undefined ? undefined : yield* sourceOf(kind).find(ref);
    if (project === undefined)
      throw new Problem("not_found", `there is no project of this name`, { hint: "mcpctl get projects" });
    return project.id;
  }

  return { list, get, find, save, remove };
}

function demandSome(rights: Rights, verb: ResourceVerb, kind: AnyKind): void {
  if (!mayDoToSome(rights.grants, verb, kind.plural)) demand(rights, { verb, resource: kind.plural });
}

const referencesOf = (kind: AnyKind, fields: Record<string, unknown>): Reference[] => kind.references?.(fields) ?? [];

const mayView = (rights: Rights, kind: AnyKind, item: Resource) =>
  decide(rights.grants, { verb: "view", resource: kind.plural, name: item.name }).allowed;

function demandExecution(
  rights: Rights,
  kind: AnyKind,
  fields: Record<string, unknown>,
  existing: Resource | undefined,
): void {
  const changed = (kind.executes ?? []).some((field) => !isDeepStrictEqual(fields[field], existing?.[field]));
  if (changed) demand(rights, { action: "servers-execute" });
}

function refuseEscalation(rights: Rights, given: RbacFields["roleBindings"], what: string): void {
  const missing = [...new Set(escalation(rights.grants, given).map(missingFor))];
  if (missing.length === 0) return;
  throw new Problem("forbidden", `${what} more than ${rights.subject} may give`, {
    fields: missing.slice(0, 20).map((right) => ({ path: "", message: `you lack ${right}` })),
    hint: "ask somebody who holds these rights",
  });
}

const notFound = (kind: AnyKind, ref: string, project?: string) =>
  new Problem(
    "not_found",
    `there is no ${kind.kind} "${ref}"${project === undefined ? "" : ` in project "${project}"`}`,
    {
      hint: `mcpctl get ${kind.plural}`,
    },
  );

const exists = (kind: AnyKind, name: string) =>
  new Problem("conflict", `${kind.kind} "${name}" exists already`, {
    hint: "mcpctl apply -f FILE changes what exists",
  });

const cannot = (kind: AnyKind, verb: "create" | "delete") =>
  new Problem("invalid", `a ${kind.kind} cannot be ${verb}d: ${kind.description.toLowerCase()}`, { status: 405 });
