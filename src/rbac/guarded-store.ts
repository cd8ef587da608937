import { isId } from "../lib/id.ts";
import { once } from "../lib/once.ts";
import { Problem } from "../lib/problem.ts";
import { type AnyKind, aKind, type Resource } from "../resources/define.ts";
import type { Manifest } from "../resources/parse.ts";
import { Project } from "../resources/project.ts";
import type { Op } from "../storage/op.ts";
import { checkCeiling, checkTakeOver } from "./ceiling.ts";
import type { Decision, ResourceVerb } from "./evaluate.ts";
import { demandAt, demandOn, demandOperation, judge, judgeAll, type Known, refusalToList, viewOf } from "./judge.ts";
import { type Recorder, recordConsequences } from "./record.ts";
import { checkReferences, usersOf } from "./references.ts";
import type { Rights } from "./rights.ts";
import { keepingAnAdministrator, refuseOnOneself } from "./safeguards.ts";
import { scopesOf } from "./scope.ts";
import { type Also, type Consequence, changedMeanwhile, type Placed, type Saved, type Source } from "./source.ts";

export type SourceOf = (kind: AnyKind) => Source;
export type Mode = "create" | "update" | "apply";

/** The store that every request sees: it authorises, refuses escalation and dangling references, then stores and records, in one transaction. */
export type GuardedStore = ReturnType<typeof guardedStore>;

/** No route, import or future endpoint can step round this: the sources behind it are given to nobody else. */
export function guardedStore(sourceOf: SourceOf, record: Recorder) {
  const { scopeOf, meant, enter } = scopesOf(sourceOf);

  /** Exactly the items that `get` allows. */
  function* list(rights: Rights, kind: AnyKind, project?: string): Op<Resource[]> {
    const mayView = viewOf(rights, kind);
    if (mayView === undefined) return yield* listOwn(rights, kind, project);
    const within = project === undefined ? undefined : yield* scopeOf(kind, project);
    // One that the caller may not view has nothing in it, whether it exists or not.
    if (project !== undefined && within === undefined) {
      if (!judge(rights, "view", Project, project).allowed) return [];
      throw new Problem("not_found", "there is no project of this name", { hint: "mcpctl get projects" });
    }
    return (yield* sourceOf(kind).list(within)).filter(mayView);
  }

  /**
   * A part of that list: so many of those that are `chosen`, from beyond the place `after`. `next` is the place of the last one that is answered,
   * where more follow: nothing is said of where those stand that the caller may not view.
   */
  function* page(rights: Rights, kind: AnyKind, { project, after, limit, chosen }: PageOf): Op<Page> {
    const mayView = viewOf(rights, kind);
    const within = project === undefined ? undefined : yield* scopeOf(kind, project);
    const { page: read } = sourceOf(kind);
    const isShort = mayView === undefined || read === undefined || (project !== undefined && within === undefined);
    const first = isShort ? undefined : yield* read(after, batch(limit), within);
    if (first === undefined) return part((yield* list(rights, kind, project)).filter(chosen), after, limit);
    const found: Placed[] = [];
    for (let rows = first; ; rows = (yield* read?.(rows.at(-1)?.place ?? "", batch(limit), within) ?? []) ?? []) {
      found.push(...rows.filter(({ item }) => mayView?.(item) === true && chosen(item)));
      if (found.length > limit || rows.length < batch(limit)) return cutAt(found, limit);
    }
  }

  /** Somebody without any right to look sees what is theirs; who has nothing is refused, so that no list says what there is not. */
  function* listOwn(rights: Rights, kind: AnyKind, project: string | undefined): Op<Resource[]> {
    const own =
      kind.owner === undefined
        ? []
        : (yield* sourceOf(kind).list()).filter((item) => judge(rights, "view", kind, item.name, item).allowed);
    if (own.length === 0) throw refusalToList(rights, kind);
    if (project === undefined) return own;
    const name = (yield* sourceOf(Project).find(project))?.name;
    return own.filter((item) => item["project"] === name);
  }

  function* get(rights: Rights, kind: AnyKind, ref: string, project?: string): Op<Resource> {
    return yield* find(rights, kind, ref, "view", project);
  }

  /** Finds what the caller may do this to. Whoever may not view it by name learns nothing of whether it exists. */
  function* find(
    rights: Rights,
    kind: AnyKind,
    ref: string,
    verb: "view" | "update" | "delete" | "create",
    project?: string,
  ): Op<Resource> {
    const item = yield* meant(rights, kind, ref, verb, project);
    demandAt(rights, verb, kind, ref, item);
    if (item === undefined) throw notFound(kind, ref, project);
    return item;
  }

  /** The first that a write is asked: whether the caller may make or change what bears this name. @throws Problem `forbidden` */
  function* admit(rights: Rights, { kind, name, fields }: Manifest, mode: Mode) {
    const source = sourceOf(kind);
    const planned: Known = { name, ...fields };
    if (mode === "create") demandOn(rights, "create", kind, name, planned);
    const existing = yield* source.find(name, yield* enter(rights, kind, fields["project"]));
    const occupancy = existing === undefined ? "free" : (source.occupancy?.(existing, fields) ?? "taken");
    // Whoever can neither see nor make it is told the same, whether it exists or not: what is missing for a change would give that away.
    if (existing !== undefined && !judge(rights, "view", kind, name, existing).allowed)
      demandOn(rights, "create", kind, name, planned);
    if (occupancy === "replaced") demandOn(rights, "delete", kind, name, existing);
    demandOn(rights, occupancy === "taken" ? "update" : "create", kind, name, existing ?? planned);
    return { existing, occupancy };
  }

  function* save(rights: Rights, manifest: Manifest, mode: Mode, expectedVersion?: number): Op<Saved> {
    const { kind, name, fields } = manifest;
    const source = sourceOf(kind);
    if (source.save === undefined) return yield* leaveAlone(rights, manifest, mode);
    if (isId(name)) throw idAsName(kind);
    const { existing, occupancy } = yield* admit(rights, manifest, mode);
    if (occupancy === "free" && mode === "update") throw notFound(kind, name);
    if (occupancy === "taken" && mode === "create") throw exists(kind, name, source);
    if (expectedVersion !== undefined && expectedVersion !== (existing?.version ?? 0))
      throw changedMeanwhile(kind.kind, name, existing?.version);
    const runsOther = executesOther(kind, fields, existing);
    if (runsOther) demandOperation(rights, "servers-execute");
    yield* checkReferences(sourceOf, rights, manifest, existing, runsOther);
    if (existing !== undefined && fields["disabled"] === true) refuseOnOneself(rights, kind, existing, "disabled");
    const before = occupancy === "taken" ? existing : undefined;
    yield* checkCeiling({ kind, name, fields, existing: before, rights });
    const store = source.save;
    const [consequences, also] = collector();
    const saved = yield* keepingAnAdministrator(kind, existing, () => store(name, fields, existing, rights, also));
    if (occupancy !== "taken" && existing !== undefined) yield* recordEnd(rights, kind, existing);
    if (saved.action !== "unchanged") {
      const secrets = Object.fromEntries(
        (kind.secrets ?? []).flatMap((key) => (key in fields ? [[key, fields[key]]] : [])),
      );
      const action = saved.action === "created" ? "create" : "update";
      yield* record(rights, {
        kind,
        action,
        before,
        after: saved.resource,
        secrets,
        formerSecrets: saved.formerSecrets,
      });
    }
    yield* recordConsequences(record, rights, consequences);
    return saved;
  }

  /** Of a kind that nobody makes by hand: applying what `get` printed changes nothing, and nothing else can be applied. */
  function* leaveAlone(rights: Rights, { kind, name }: Manifest, mode: Mode): Op<Saved> {
    const existing = mode === "apply" ? yield* sourceOf(kind).find(name) : undefined;
    if (existing === undefined || !judge(rights, "view", kind, existing.name, existing).allowed)
      throw cannot(kind, "create");
    return { resource: existing, action: "unchanged" };
  }

  /** What a new one has put an end to, such as by `--force`: that is a change of its own, to something that may be somebody else's. */
  function* recordEnd(rights: Rights, kind: AnyKind, before: Resource): Op<void> {
    const after = yield* sourceOf(kind).find(before.id);
    if (!Bun.deepEquals(after, before, true)) yield* record(rights, { kind, action: "revoke", before, after });
  }

  function* remove(rights: Rights, kind: AnyKind, ref: string, project?: string): Op<Resource> {
    const { remove: drop } = sourceOf(kind);
    if (drop === undefined) throw cannot(kind, "delete");
    const item = yield* find(rights, kind, ref, "delete", project);
    refuseOnOneself(rights, kind, item, "deleted");
    if (kind.scopes !== undefined) yield* enter(rights, kind, item["project"]);
    const users = yield* usersOf(sourceOf, rights, kind, item);
    if (users.length > 0) {
      throw new Problem("conflict", `${kind.kind} "${item.name}" is in use by ${users.join(", ")}`, {
        hint: `take it out there first, then delete it: ${takenOutBy(kind, item.name, users)}`,
      });
    }
    const [consequences, also] = collector();
    yield* keepingAnAdministrator(kind, item, () => drop(item, also));
    yield* record(rights, { kind, action: "delete", before: item });
    yield* recordConsequences(record, rights, consequences);
    return item;
  }

  /** Ends what has an end of its own, for good; its record stays. */
  function* revoke(rights: Rights, kind: AnyKind, ref: string, project?: string): Op<Resource> {
    const item = yield* find(rights, kind, ref, "delete", project);
    const { revoke: end } = sourceOf(kind);
    if (end === undefined) throw cannot(kind, "revoke");
    const [consequences, also] = collector();
    const after = yield* keepingAnAdministrator(kind, item, () => end(item, also));
    yield* record(rights, { kind, action: "revoke", before: item, after });
    yield* recordConsequences(record, rights, consequences);
    return after;
  }

  /** A new bearer in the place of an old one; whoever gets it must hold all that it may do. */
  function* rotate(rights: Rights, kind: AnyKind, ref: string, by: Rotation, project?: string): Op<Saved> {
    // A token that could renew itself or its like would outlive its own end in the hands of whoever stole it.
    if (rights.tokenId !== undefined)
      throw new Problem("forbidden", "a token is rotated with a login, not with a token", { hint: "mcpctl login" });
    const item = yield* find(rights, kind, ref, "view", project);
    const { rotate: turn } = sourceOf(kind);
    if (turn === undefined) throw cannot(kind, "rotate");
    demandOn(rights, "create", kind, item.name, item);
    yield* checkCeiling({ kind, name: item.name, fields: item, existing: undefined, rights });
    const [consequences, also] = collector();
    const saved = yield* keepingAnAdministrator(kind, item, () => turn(item, by, also));
    yield* record(rights, { kind, action: "rotate", before: item, after: saved.resource });
    yield* recordConsequences(record, rights, consequences);
    return saved;
  }

  /** An account that the caller may act for: holds all that it holds, and may change it. */
  function* takeOver(rights: Rights, kind: AnyKind, ref: string): Op<Resource> {
    const account = yield* find(rights, kind, ref, "update");
    yield* checkTakeOver(rights, kind, account);
    return account;
  }

  /** The decision on a resource of this name, whether there is one or not, or on all of them; for `auth can-i`. */
  function* ask(rights: Rights, verb: ResourceVerb, kind: AnyKind, name?: string, project?: string): Op<Decision> {
    if (name === undefined) return judgeAll(rights, verb, kind);
    const planned = { name, ...(project === undefined || project === "" ? {} : { project }) };
    const isScoped = kind.scopes !== undefined;
    // What would be made is of the project that is named, whatever bears its name elsewhere; a token reaches nothing that is not there.
    const item = isScoped && verb === "create" ? undefined : yield* meant(rights, kind, name, verb, project);
    const isPlanned = verb === "create" || (isScoped && project !== undefined && rights.project === undefined);
    return judge(rights, verb, kind, item?.name ?? name, item ?? (isPlanned ? planned : undefined));
  }

  return { list, page, get, find, admit, save, remove, revoke, rotate, takeOver, ask };
}

/** Which part of a list: the place of the last one before it (empty at the beginning), and how many. */
export type PageOf = {
  project?: string | undefined;
  after: string;
  limit: number;
  chosen: (item: Resource) => boolean;
};
export type Page = { items: Resource[]; next?: string };

/** One more than is asked for shows whether there is more; of a list without end so many are read at once. */
const batch = (limit: number): number => Math.min(limit + 1, 1_000);

/** The same of a list that is read whole: names in the order in which people count, so that `files-10` follows `files-9`. */
function part(items: readonly Resource[], after: string, limit: number): Page {
  const placed = items.map((item) => ({ place: `${item.name} ${item.id}`, item }));
  const beyond = placed.filter(({ place }) => after === "" || counting().compare(place, after) > 0);
  return cutAt(
    beyond.toSorted((a, b) => counting().compare(a.place, b.place)),
    limit,
  );
}
const counting = once(() => new Intl.Collator("en", { numeric: true }));

function cutAt(found: readonly Placed[], limit: number): Page {
  const items = found.slice(0, limit).map(({ item }) => item);
  const last = found[limit - 1];
  return found.length > limit && last !== undefined ? { items, next: last.place } : { items };
}

/** How long the old one stays beside the new one, and how long the new one lives: the same as the old when nothing is said. */
export type Rotation = { overlapMs: number; ttl?: string };

function collector(): [Consequence[], Also] {
  const consequences: Consequence[] = [];
  return [consequences, (consequence) => void consequences.push(consequence)];
}

/** Changing what a server executes is running code. */
const executesOther = (kind: AnyKind, fields: Record<string, unknown>, existing: Resource | undefined): boolean =>
  (kind.executes ?? []).some((field) => !Bun.deepEquals(fields[field], existing?.[field], true));

const notFound = (kind: AnyKind, ref: string, project?: string) =>
  new Problem(
    "not_found",
    `there is no ${kind.kind} "${ref}"${project === undefined ? "" : project === "" ? " of every project" : ` in project "${project}"`}`,
    {
      hint: `mcpctl get ${kind.plural}`,
    },
  );

/** The command that takes it out of the first that uses it. */
function takenOutBy(kind: AnyKind, name: string, [first = ""]: readonly string[]): string {
  const [, project] = /^project (.*)$/.exec(first) ?? [];
  if (kind.kind === "server" && project !== undefined) return `mcpctl detach-server ${name} -p ${project}`;
  return first.includes(" may not ") ? `mcpctl describe ${kind.kind} ${name}` : `mcpctl edit ${first}`;
}

const exists = (kind: AnyKind, name: string, { rotate }: Source) =>
  new Problem("conflict", `${kind.kind} "${name}" exists already`, {
    hint:
      rotate === undefined
        ? kind.verbs.includes("update")
          ? "mcpctl apply -f FILE changes what exists"
          : `mcpctl get ${kind.plural}`
        : `mcpctl token rotate ${name} -p PROJECT replaces it; --force ends it and makes another`,
  });

/** Whatever is looked for by name is found by its id as well: what bore an id as its name would stand for something else, or rename it. */
const idAsName = (kind: AnyKind) =>
  new Problem("invalid", `${aKind(kind)} is not named by an id`, {
    fields: [{ path: "/name", message: "has the form of an id; write the resource's name" }],
    hint: `mcpctl get ${kind.plural}`,
  });

const cannot = (kind: AnyKind, verb: "create" | "delete" | "revoke" | "rotate") =>
  new Problem("invalid", `${kind.plural} cannot be ${verb}d: ${kind.description.toLowerCase()}`, { status: 405 });
