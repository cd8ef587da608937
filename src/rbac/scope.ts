import { isId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { type AnyKind, aKind, type Resource } from "../resources/define.ts";
import { Project } from "../resources/project.ts";
import type { Op } from "../storage/op.ts";
import type { ResourceVerb } from "./evaluate.ts";
import type { SourceOf } from "./guarded-store.ts";
import { demandAt, judge } from "./judge.ts";
import type { Rights } from "./rights.ts";

/** Which resource a name means where names are unique within a project, and where a write goes. */
export function scopesOf(sourceOf: SourceOf) {
  /** What a source knows a project by: its id, or the word itself where a kind has scopes of its own; empty for what is of no project. */
  function* scopeOf(kind: AnyKind, project: string): Op<string | undefined> {
    if (kind.scopes !== undefined && (project === "" || kind.scopes.includes(project))) return project;
    return (yield* sourceOf(Project).find(project))?.id;
  }

  /** What a name without a project means, as far as the caller may know of it: that of the caller's project, of none, or the only one. */
  function* meant(
    rights: Rights,
    kind: AnyKind,
    ref: string,
    verb: ResourceVerb,
    project?: string,
  ): Op<Resource | undefined> {
    const { find, named } = sourceOf(kind);
    const scope = project === undefined ? undefined : yield* scopeOf(kind, project);
    if (project !== undefined) return scope === undefined ? undefined : yield* find(ref, scope);
    if (named === undefined || isId(ref) || ref.includes("/")) return yield* find(ref);
    const known = (yield* named(ref)).filter((item) =>
      (["view", verb] as const).some((one) => judge(rights, one, kind, item.name, item).allowed),
    );
    const near = known.find((item) => item["project"] === rights.project?.name);
    if (near === undefined && known.length > 1) throw ambiguous(kind, ref, known);
    return near ?? known[0];
  }

  /** Where a write goes, for who may look there. Whether a project exists is nothing to tell somebody who may not see it. */
  function* enter(rights: Rights, kind: AnyKind, project: unknown): Op<string | undefined> {
    if (typeof project !== "string") return kind.scopes === undefined ? undefined : "";
    if (kind.scopes?.includes(project)) return project;
    const found = yield* sourceOf(Project).find(project);
    demandAt(rights, "view", Project, project, found);
    return found?.id ?? project;
  }

  return { scopeOf, meant, enter };
}

function ambiguous(kind: AnyKind, ref: string, known: readonly Resource[]): Problem {
  const projects = known.map((item) => String(item["project"] ?? "*"));
  const shown = `${projects.slice(0, 5).join(", ")}${projects.length > 5 ? ", …" : ""}`;
  return new Problem("conflict", `there is ${aKind(kind)} "${ref}" in several projects: ${shown}`, {
    hint: "say which with -p PROJECT",
  });
}
