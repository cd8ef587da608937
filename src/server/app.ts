import { Elysia } from "elysia";
import { Problem } from "../lib/problem.ts";
import { refusalAtDoor } from "./front-door.ts";
import { problemResponse } from "./problems.ts";
import type { Rooms } from "./rooms.ts";
import { checkRoutes, runRoute } from "./route.ts";
import { allRoutes } from "./routes/index.ts";

/** The HTTP surface: the front door, every declared route, the MCP endpoints, and one shape for all that goes wrong. */
export function createApp(rooms: Rooms) {
  const routes = allRoutes();
  checkRoutes(routes);
  // Without standardHostname Elysia finds the path by its distance from the start of the URL: `Host: x` then opens other routes.
  const app = new Elysia({ handler: { standardHostname: false } });
  app.onRequest(({ request }) => {
    const refusal = refusalAtDoor(request.headers, rooms.config);
    if (refusal === undefined) return undefined;
    return problemResponse(new Problem("forbidden", refusal, { hint: doorHint }), request, rooms.log);
  });
  app.onError({ as: "global" }, ({ error, code, request }) =>
    problemResponse(code === "NOT_FOUND" ? noRoute() : error, request, rooms.log),
  );
  for (const route of routes) {
    add(app, route.method, route.path, (request, params, keepOpen) =>
      runRoute(route, { request, params, keepOpen }, rooms),
    );
  }
  for (const path of ["/mcp", "/mcp/", "/projects/:project/mcp", "/projects/:project/mcp/"]) {
    add(app, "ALL", path, (request, params, keepOpen) => {
      // A tool may take longer than the time after which a silent connection is closed.
      keepOpen();
      return rooms.gateway.handle(request, params["project"]);
    });
  }
  return app;
}

type Handler = (request: Request, params: Record<string, string>, keepOpen: () => void) => Promise<Response>;

/** `parse: "none"` leaves the body to us: Elysia's own reading drops unknown fields and echoes refused values. */
function add(app: Elysia, method: string, path: string, handler: Handler): void {
  app.route(
    method,
    path,
    ({ request, params }) => handler(request, params ?? {}, () => app.server?.timeout(request, 0)),
    { parse: "none" },
  );
}

const doorHint =
  "connect by IP address, localhost or the machine's name, or add the name to allowedHosts in the configuration";
const noRoute = () => new Problem("not_found", "There is nothing at this address", { hint: "see /openapi.json" });
