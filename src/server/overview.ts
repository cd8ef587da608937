import { Problem } from "../lib/problem.ts";
import type { GuardedStore } from "../rbac/guarded-store.ts";
import type { Rights } from "../rbac/rights.ts";
import { present } from "../rbac/source.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { kinds } from "../resources/index.ts";
import { type ProjectFields, serverNames } from "../resources/project.ts";
import { Server } from "../resources/server.ts";
import type { Database } from "../storage/op.ts";
import { listResources } from "../storage/resources.ts";
import { isReady, type Running, withStatus } from "./status.ts";

/** What all servers come to: those that are to run, and of these that do or sleep. */
export type Sum = { wanted: number; running: number };

export type Overview = {
  counts: Record<string, number>;
  /** As they are, each with its status. */
  servers: Resource[];
  /** How many of its servers each project can offer. */
  projects: { name: string; servers: number; there: number }[];
};

/** What there is to be seen of everything at once. */
export function createOverview(db: Database, store: GuardedStore, running: Running) {
  const isThere = (server: Resource) => isReady(running, server);
  const isWanted = (server: Resource) =>
    isThere(server) || withStatus(running, Server, server).status?.["state"] !== "STOPPED";
  const allServers = async () => (await db.read(() => listResources("server"))).map(present);

  return {
    async sum(): Promise<Sum> {
      const servers = await allServers();
      return { wanted: servers.filter(isWanted).length, running: servers.filter(isThere).length };
    },

    /** Exactly what the lists show, kind by kind; nothing of those that are refused. */
    async of(rights: Rights): Promise<Overview> {
      const visible = (kind: AnyKind): Promise<Resource[]> =>
        db
          .read(() => store.list(rights, kind))
          .catch((error: unknown) => {
            if (error instanceof Problem && error.code === "forbidden") return [];
            throw error;
          });
      const lists = await Promise.all(kinds.map(async (kind) => [kind, await visible(kind)] as const));
      const listed = (kind: string) => lists.find(([candidate]) => candidate.kind === kind)?.[1] ?? [];
      const there = new Set((await allServers()).filter(isThere).map(({ name }) => name));
      return {
        counts: Object.fromEntries(lists.map(([kind, items]) => [kind.plural, items.length])),
        servers: listed("server").map((server) => withStatus(running, Server, server)),
        projects: listed("project").map((project) => {
          const names = serverNames(project as unknown as ProjectFields);
          return { name: project.name, servers: names.length, there: names.filter((name) => there.has(name)).length };
        }),
      };
    },
  };
}
