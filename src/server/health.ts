import { createHealthWatch, type HealthWatch, type Watched } from "../instances/health-watch.ts";
import type { Supervisor } from "../instances/supervisor.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { Catalog } from "../mcp/catalog/catalog.ts";
import type { Connections, ServerRef } from "../mcp/upstream/connections.ts";
import { probeLiveness, probeTool } from "../mcp/upstream/probe.ts";
import type { Upstream } from "../mcp/upstream/upstream.ts";
import { isManaged } from "../resources/server.ts";

type Needs = {
  allServers: () => Promise<ServerRef[]>;
  supervisor: Supervisor;
  connections: Connections;
  catalog: Catalog;
  /** Takes a server's own secrets out of what it says. */
  blotOf: (serverId: string) => (text: string) => string;
  clock: Clock;
  log: Log;
};

/** Looks at servers in the conversations that serve callers, and sees to it that one which does not answer is opened or started anew. */
export function watchHealth({ allServers, supervisor, connections, catalog, blotOf, clock, log }: Needs): HealthWatch {
  /** Copies of ours that speak, and what somebody else runs: what sleeps or is stopped has no conversation. */
  const watchedOf = (server: ServerRef): Watched[] =>
    isManaged(server.fields)
      ? connections
          .conversations(server)
          .flatMap(({ instance }) => (instance === undefined ? [] : [{ id: instance, server }]))
      : [{ id: server.id, server }];

  const conversationOf = ({ id, server }: Watched): Upstream | undefined =>
    connections.conversations(server).find(({ instance = server.id }) => instance === id)?.upstream;

  /** Of whom it is need not be said where it is told. */
  const reached = (server: ServerRef): Promise<Upstream> =>
    connections.reach(server).catch((error: unknown) => {
      throw new Problem("unavailable", messageOf(error).replace(`server "${server.name}": `, ""), { cause: error });
    });

  return createHealthWatch({
    watched: async () => (await allServers()).flatMap(watchedOf),
    answeredAt: connections.answeredAt,
    async probe(one, look, options) {
      const { server } = one;
      const blot = blotOf(server.id);
      const upstream = isManaged(server.fields) ? conversationOf(one) : await reached(server);
      if (upstream === undefined) throw new Problem("unavailable", "it has ended");
      const { healthCheck } = server.fields;
      const probe =
        look === "check" && healthCheck !== undefined
          ? probeTool(healthCheck, catalog.toolNamesOf(server.id))
          : probeLiveness;
      const failure = await probe(upstream, options);
      return failure === undefined ? undefined : blot(failure);
    },
    lost(one, reason) {
      if (isManaged(one.server.fields)) return supervisor.fail(one.id, reason);
      const upstream = conversationOf(one);
      if (upstream === undefined) return;
      connections.broken(one.server, upstream, reason);
      // Projects tell which of their servers are missing.
      void catalog.refresh(one.server);
    },
    recovered({ server }) {
      if (!isManaged(server.fields)) void catalog.refresh(server);
    },
    clock,
    log,
  });
}
