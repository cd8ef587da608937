import { Elysia } from "elysia";
import { Problem } from "../lib/problem.ts";
import { refusalAtDoor } from "./front-door.ts";
import { routeTable } from "./match.ts";
import { problemResponse } from "./problems.ts";
import type { Rooms } from "./rooms.ts";
import { checkRoutes, runRoute } from "./route.ts";
import { allRoutes } from "./routes/index.ts";

type Context = { request: Request; params?: Record<string, string> };
type App = {
  handle: (request: Request) => Promise<Response>;
  listen: (options: object) => unknown;
  server: Bun.Server<unknown> | null;
};

/** The HTTP surface: the front door, the MCP endpoints, every declared route, and one shape for all that goes wrong. */
export function createApp(rooms: Rooms): App {
  const routes = allRoutes();
  checkRoutes(routes);
  const match = routeTable(routes);
  // Without standardHostname Elysia finds the path by its distance from the start of the URL: `Host: x` then opens other routes.
  // Without aot it compiles nothing at start, which is a third of the time until ready.
  const app = new Elysia({ aot: false, handler: { standardHostname: false } });
  const keepOpen = (request: Request) => () => void app.server?.timeout(request, 0);
  app.onRequest(({ request }) => {
    const refusal = refusalAtDoor(request.headers, rooms.config);
    if (refusal === undefined) return undefined;
    return problemResponse(new Problem("forbidden", refusal, { hint: doorHint }), request, rooms.log);
  });
  app.onError({ as: "global" }, ({ error, code, request }) =>
    problemResponse(code === "NOT_FOUND" ? noRoute() : error, request, rooms.log),
  );
  const gateway = ({ request, params }: Context) => {
    // A tool may take longer than the time after which a silent connection is closed.
    keepOpen(request)();
    return rooms.gateway.handle(request, params?.["project"]);
  };
  const control = async ({ request }: Context) => {
    const found = match(request.method, new URL(request.url).pathname);
    if (found === undefined) throw noRoute();
    if ("allow" in found) return notAllowed(found.allow);
    return await runRoute(found.route, { request, params: found.params, keepOpen: keepOpen(request) }, rooms);
  };
  // `parse: "none"` leaves bodies to us: Elysia's own reading drops unknown fields and echoes refused values.
  for (const path of ["/mcp", "/mcp/", "/projects/:project/mcp", "/projects/:project/mcp/"])
    app.all(path, gateway, { parse: "none" });
  app.all("/", control, { parse: "none" });
  app.all("/*", control, { parse: "none" });
  return app as unknown as App;
}

const doorHint =
  "connect by IP address, localhost or the machine's name, or add the name to allowedHosts in the configuration";
const noRoute = () => new Problem("not_found", "There is nothing at this address", { hint: "see /openapi.json" });

const notAllowed = (allow: readonly string[]) =>
  Response.json(new Problem("invalid", `This address takes ${allow.join(", ")}`, { status: 405 }).toJSON(), {
    status: 405,
    headers: { allow: allow.join(", "), "content-type": "application/problem+json" },
  });
