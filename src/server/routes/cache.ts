import { Problem } from "../../lib/problem.ts";
import type { Rights } from "../../rbac/rights.ts";
import type { Resource } from "../../resources/define.ts";
import { Project } from "../../resources/project.ts";
import type { Op } from "../../storage/op.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Route } from "../route.ts";

const path = "/api/v1/cache";
const permission = { operation: "cache" };
const tag = "operations";

/** What pipelines made and may give again: how much of it, and away with it. Nobody reads what is in it here. */
export const cacheRoutes: Route[] = [
  {
    method: "GET",
    path,
    permission,
    tag,
    summary: "How much the pipeline cache holds, in all and of each project that the caller may view",
    query: { project: "Only this project's figures besides those in all" },
    handle: async (call, rooms) => {
      const name = call.query.get("project");
      const projects = await asCaller("read", call, rooms, function* (rights) {
        return name === null ? yield* visibleProjects(rights, rooms) : [yield* rooms.store.get(rights, Project, name)];
      });
      const stats = await rooms.proxyModels.cache.stats();
      return {
        ...stats,
        projects: projects
          .map(({ id, name }) => ({ name, ...rooms.proxyModels.cache.sizeOf(id) }))
          .filter(({ entries }) => entries > 0 || name !== null)
          .toSorted((a, b) => b.bytes - a.bytes),
      };
    },
  },
  {
    method: "DELETE",
    path,
    permission,
    tag,
    summary: "Clear the pipeline cache; it fills again by itself",
    query: { project: "Only what is of this project" },
    handle: async (call, rooms) => {
      const { store, proxyModels, audit, clock } = rooms;
      const name = call.query.get("project") ?? undefined;
      const { by, project } = await asCaller("read", call, rooms, function* (rights) {
        const { actor, address } = rights;
        return { by: { actor, address }, project: name && (yield* store.get(rights, Project, name)) };
      });
      const { id = undefined, name: of = undefined } = project || {};
      const cleared = await proxyModels.cache.clear(id);
      audit.note({
        at: clock.now(),
        kind: "change",
        outcome: "ok",
        ...by,
        project: of,
        action: "clear",
        resource: of === undefined ? "cache" : `cache/${of}`,
        detail: { entries: cleared },
      });
      return { cleared };
    },
  },
];

/** None for who may view no project: the numbers in all are theirs all the same. */
function* visibleProjects(rights: Rights, { store }: Pick<Rooms, "store">): Op<Resource[]> {
  try {
    return yield* store.list(rights, Project);
  } catch (error) {
    if (error instanceof Problem && error.code === "forbidden") return [];
    throw error;
  }
}
