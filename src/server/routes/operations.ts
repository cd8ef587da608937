import { version } from "../../lib/version.ts";
import { exposition, expositionType, metricValues } from "../../operations/exposition.ts";
import { judgeOperation } from "../../rbac/judge.ts";
import { rightsOf } from "../../rbac/rights.ts";
import { Server } from "../../resources/server.ts";
import { metricsOf } from "../metrics.ts";
import { must, type Route } from "../route.ts";

const tag = "operations";

export const operationRoutes: Route[] = [
  {
    method: "GET",
    path: "/healthz",
    permission: "public",
    tag,
    summary: "The process lives",
    handle: () => ({ status: "ok" }),
  },
  {
    method: "GET",
    path: "/readyz",
    permission: "public",
    tag,
    summary: "Requests are taken: 503 once it has begun to stop",
    handle: (_, { isStopping }) =>
      Response.json({ status: isStopping() ? "stopping" : "ready" }, { status: isStopping() ? 503 : 200 }),
  },
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
      const { counts, servers } = await rooms.overview(rights);
      const { dataDir } = rooms.config;
      const seesServers = servers.length > 0 || rights.project === undefined;
      return {
        version,
        uptimeSeconds: Math.round((rooms.clock.now() - rooms.startedAt) / 1000),
        ...(rights.project === undefined ? { dataDir } : {}),
        counts,
        ...(judgeOperation(rights, "metrics").allowed ? { metrics: metricValues(await metricsOf(rooms)) } : {}),
        servers: seesServers
          ? servers.map((server) => ({ name: server.name, ...rooms.withStatus(Server, server).status }))
          : [],
      };
    },
  },
];
