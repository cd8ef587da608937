import { Elysia } from "elysia";
import { checkRoutes } from "./route.ts";
import { type RouteAt, routeTable } from "./route-table.ts";
import { allRoutes } from "./routes/index.ts";

type Answers = (request: Request) => Promise<Response>;

/**
 * Every route, within a framework. Loaded with the first request that is for one, or soon after the start: it takes as long to load as an empty
 * program to start.
 * @param failed one shape for all that goes wrong in it
 * @throws Error for a route that does not say who may call it
 */
export function controlApi(
  answer: (request: Request, routeAt: RouteAt) => Promise<Response>,
  failed: (error: unknown, request: Request) => Response,
): Answers {
  const routes = allRoutes();
  checkRoutes(routes);
  const routeAt = routeTable(routes);
  // Without standardHostname Elysia finds the path by its distance from the start of the URL: `Host: x` then opens other routes.
  // Without aot it compiles nothing at start, which is a third of the time until ready.
  const framework = new Elysia({ aot: false, handler: { standardHostname: false } });
  // Mounted, so that bodies are left to us: Elysia's own reading drops unknown fields and echoes refused values.
  framework.mount("/", (request) => answer(request, routeAt));
  framework.onError({ as: "global" }, ({ error, request }) => failed(error, request));
  return async (request) => await framework.handle(request);
}
