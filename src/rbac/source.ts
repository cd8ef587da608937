import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import type { Op } from "../storage/op.ts";
import {
  deleteResource,
  findResource,
  insertResource,
  listResources,
  type PlacedRow,
  pageResources,
  replaceResource,
  type StoredResource,
} from "../storage/resources.ts";
import type { Rotation } from "./guarded-store.ts";
import type { Rights } from "./rights.ts";

export type Action = "created" | "configured" | "unchanged";
/** `token` is a bearer's only appearance in the clear; `formerSecrets` is what secret fields were before, when new ones were given. */
export type Saved = {
  resource: Resource;
  action: Action;
  token?: string;
  formerSecrets?: Record<string, unknown> | undefined;
};

/** What a write did to another resource than its own: a definition that loses a subject, a token that ends with its minter. Recorded like any change. */
export type Consequence = {
  kind: "rbac" | "group" | "mcptoken" | "prompt" | "promptrequest";
  action: "update" | "delete" | "revoke";
  before: Resource;
  after?: Resource;
};
/** Told of each consequence, in the order in which they come about. */
export type Also = (consequence: Consequence) => void;

/** Where a kind's resources lie, unguarded: most in the one table, tokens in their own, instances in the supervisor. */
export type Source = {
  list: (projectId?: string) => Op<Resource[]>;
  /**
   * A part of the list, for lists that may be long: so many that stand beyond `after`, in the order of places. Where it is absent, or answers
   * undefined, `list` is short enough to be read whole.
   */
  page?: (after: string, limit: number, projectId?: string) => Op<Placed[] | undefined>;
  find: (ref: string, projectId?: string) => Op<Resource | undefined>;
  /** All that bear this name, in whichever project; where names are unique within one. */
  named?: (name: string) => Op<Resource[]>;
  save?: (
    name: string,
    fields: Record<string, unknown>,
    existing: Resource | undefined,
    by: Rights,
    also: Also,
  ) => Op<Saved>;
  remove?: (resource: Resource, also: Also) => Op<void>;
  /** Ends it for good and keeps its record. */
  revoke?: (resource: Resource, also: Also) => Op<Resource>;
  rotate?: (resource: Resource, by: Rotation, also: Also) => Op<Saved>;
  /** Whether what bears the name already stands in the way of making one; it does when this is absent. `replaced` needs the right to delete it. */
  occupancy?: (existing: Resource, fields: Record<string, unknown>) => "taken" | "free" | "replaced";
};

/** A resource, and where it stands in the lists of its kind: later ones compare greater. */
export type Placed = { place: string; item: Resource };

/** What saving writes besides the row: the row's fields, whether anything else changed, and the work to do once the row is there. */
export type Stored = {
  fields: Record<string, unknown>;
  changed: boolean;
  after?: () => Op<void>;
  formerSecrets?: Record<string, unknown> | undefined;
};

/** What a kind of the one table does besides its row, in the same transaction. */
export type Aside = {
  /** Takes the write-only fields to where they belong. */
  store?: (row: StoredResource, writeOnly: Record<string, unknown>, existing: StoredResource | undefined) => Op<Stored>;
  /** Before the row goes. */
  removing?: (resource: Resource, also: Also, now: number) => Op<void>;
};

export function tableSource(
  kind: AnyKind,
  clock: Clock,
  aside: Aside = {},
): Source & Pick<Required<Source>, "page" | "save" | "remove"> {
  const find = function* (ref: string) {
    const row = yield* findResource(kind.kind, ref);
    return row === undefined ? undefined : present(row);
  };
  return {
    *list() {
      return (yield* listResources(kind.kind)).map(present);
    },
    *page(after, limit) {
      return (yield* pageResources(kind.kind, after, limit)).map(placed);
    },
    find,
    *save(name, input, current) {
      const existing = current === undefined ? undefined : yield* findResource(kind.kind, current.id);
      const [fields, writeOnly] = split(input, kind.writeOnly ?? []);
      const now = clock.now();
      const next: StoredResource = {
        id: existing?.id ?? newId(),
        kind: kind.kind,
        name,
        version: (existing?.version ?? 0) + 1,
        fields,
        createdAt: existing?.createdAt ?? now,
        updatedAt: now,
      };
      const stored =
        aside.store === undefined ? { fields, changed: false } : yield* aside.store(next, writeOnly, existing);
      const row = { ...next, fields: stored.fields };
      if (existing !== undefined && !stored.changed && Bun.deepEquals(existing.fields, row.fields, true)) {
        return { resource: present(existing), action: "unchanged" };
      }
      yield* write(row, existing);
      if (stored.after !== undefined) yield* stored.after();
      const action = existing === undefined ? "created" : "configured";
      return { resource: present(row), action, formerSecrets: stored.formerSecrets };
    },
    *remove(resource, also) {
      if (aside.removing !== undefined) yield* aside.removing(resource, also, clock.now());
      yield* deleteResource(resource.id);
    },
  };
}

/** The flat form that everybody outside storage sees. */
export const present = (row: StoredResource): Resource => ({
  id: row.id,
  name: row.name,
  ...row.fields,
  version: row.version,
  createdAt: new Date(row.createdAt).toISOString(),
  updatedAt: new Date(row.updatedAt).toISOString(),
});

export const placed = ({ place, row }: PlacedRow): Placed => ({ place, item: present(row) });

function* write(row: StoredResource, existing: StoredResource | undefined): Op<void> {
  if (existing === undefined) return yield* insertResource(row);
  if (!(yield* replaceResource(row, existing.version))) throw changedMeanwhile(row.kind, row.name, existing.version);
}

export const changedMeanwhile = (kind: string, name: string, version: number | undefined) =>
  new Problem(
    "conflict",
    `${kind} "${name}" was changed by somebody else meanwhile${version === undefined ? "" : `: it is at version ${version} now`}`,
    { hint: `mcpctl get ${kind} ${name} -o yaml, then apply your change again` },
  );

function split(input: Record<string, unknown>, writeOnly: readonly string[]) {
  const entries = Object.entries(input);
  return [
    Object.fromEntries(entries.filter(([key]) => !writeOnly.includes(key))),
    Object.fromEntries(entries.filter(([key]) => writeOnly.includes(key))),
  ] as const;
}
