import { version } from "../../lib/version.ts";
import { exposition, expositionType, metricValues } from "../../operations/exposition.ts";
import { judgeOperation } from "../../rbac/judge.ts";
import { rightsOf } from "../../rbac/rights.ts";
import { footprint } from "../footprint.ts";
import { metricsOf } from "../metrics.ts";
import type { Rooms } from "../rooms.ts";
import { must, type Route } from "../route.ts";

const tag = "operations";

export const operationRoutes: Route[] = [
  {
    method: "GET",
    path: "/version",
    permission: "public",
    tag,
    summary: "The version that runs",
    handle: () => ({ version }),
  },
  {
    method: "GET",
    path: "/metrics",
    permission: { operation: "metrics" },
    tag,
    summary: "What is counted and measured, in Prometheus' text format",
    mediaType: "text/plain",
    handle: async (_, rooms) =>
      new Response(exposition(await metricsOf(rooms)), {
        headers: { "content-type": expositionType, "cache-control": "no-store" },
      }),
  },
  {
    method: "GET",
    path: "/api/v1/status",
    permission: "authenticated",
    tag,
    summary: "What runs, and what does not and why; as far as the caller may see",
    handle: async ({ caller }, rooms) => {
      const rights = await rooms.db.read(() => rightsOf(must(caller)));
      const { counts, servers, projects } = await rooms.overview(rights);
      const seesServers = servers.length > 0 || rights.project === undefined;
      const seesNumbers = judgeOperation(rights, "metrics").allowed;
      return {
        version,
        uptimeSeconds: Math.round((rooms.clock.now() - rooms.startedAt) / 1000),
        // As anybody is told at /readyz, which fails from then on.
        ...(rooms.isStopping() ? { stopping: { calls: rooms.gateway.sizes().underWay } } : {}),
        // As anybody is told at /readyz.
        database: (await rooms.ready()).checks.database,
        // Of the machine and of all who use it: where, how much, how many.
        ...(seesNumbers ? aboutItself(rooms) : {}),
        counts,
        servers: seesServers ? servers.map(({ name, status }) => ({ name, ...status })) : [],
        projects,
        ...(seesNumbers ? { metrics: metricValues(await metricsOf(rooms)) } : {}),
      };
    },
  },
];

function aboutItself({ config, audit, gateway, files }: Rooms) {
  const { sessions, streams, subscribers } = gateway.sizes();
  return {
    dataDir: config.dataDir,
    audit: audit.waiting(),
    open: { sessions, streams: streams + subscribers },
    process: footprint(files),
  };
}
