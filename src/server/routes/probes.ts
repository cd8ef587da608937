import type { Route } from "../route.ts";

const tag = "operations";

/** What orchestrators ask, long before anybody asks for anything else. */
export const probeRoutes: Route[] = [
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
    summary: "Requests are answered: 503 while it stops, or when the database cannot be read or written",
    handle: async (_, { ready }) => {
      const readiness = await ready();
      return Response.json(readiness, { status: readiness.status === "ready" ? 200 : 503 });
    },
  },
];
