import type { Clock } from "../lib/clock.ts";
import { isId } from "../lib/id.ts";
import type { AnyKind } from "../resources/define.ts";
import { Prompt } from "../resources/prompt.ts";
import { PromptRequest } from "../resources/prompt-request.ts";
import type { Op } from "../storage/op.ts";
import { deleteResource, findResource, listNamed, listWithin, pageResources, rowName } from "../storage/resources.ts";
import { type Also, placed, present, type Source, tableSource } from "./source.ts";

export type Scoped = Source & Pick<Required<Source>, "page" | "save" | "remove" | "named">;

/** A kind whose names are unique within a project, and among those of none. A scope is a project's id, one of the kind's own, or empty for no project. */
export function scopedSource(kind: AnyKind, clock: Clock): Scoped {
  const table = tableSource(kind, clock);

  /** The word that fields and the table know a scope by. */
  function* wordOf(scope: string): Op<string | undefined> {
    if (scope === "" || kind.scopes?.includes(scope)) return scope;
    return (yield* findResource("project", scope))?.name;
  }

  return {
    remove: table.remove,
    *list(scope) {
      if (scope === undefined) return yield* table.list();
      const word = yield* wordOf(scope);
      return word === undefined ? [] : (yield* listWithin(kind.kind, word)).map(present);
    },
    *page(after, limit, scope) {
      const word = scope === undefined ? undefined : yield* wordOf(scope);
      if (scope !== undefined && word === undefined) return [];
      return (yield* pageResources(kind.kind, after, limit, word)).map(placed);
    },
    *find(ref, scope) {
      const word = scope === undefined ? undefined : yield* wordOf(scope);
      if (scope !== undefined && word === undefined) return undefined;
      if (!isId(ref)) return ref.includes("/") ? undefined : yield* table.find(rowName(word ?? "", ref));
      const item = yield* table.find(ref);
      // An id says which is meant, but not that it is one of the project that was named with it.
      return word === undefined || String(item?.["project"] ?? "") === word ? item : undefined;
    },
    *named(ref) {
      return (yield* listNamed(kind.kind, ref)).map(present);
    },
    *save(name, fields, existing, by, also) {
      // Whoever writes may mean a project by its id.
      const { project, ...rest } = fields;
      const word = typeof project === "string" ? yield* wordOf(project) : undefined;
      const named = word === undefined ? fields : { project: word, ...rest };
      return yield* table.save(name, named, existing, by, also);
    },
  };
}

/** Before a project goes: what lies in it goes with it, so that one made again under its name begins empty. */
export function* endWithin(project: string, also: Also): Op<void> {
  for (const { kind } of [Prompt, PromptRequest]) {
    for (const row of yield* listWithin(kind, project)) {
      also({ kind, action: "delete", before: present(row) });
      yield* deleteResource(row.id);
    }
  }
}
