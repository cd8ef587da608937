import { checkRoutes } from "./route.ts";
import { type RouteAt, routeTable } from "./route-table.ts";
import { allRoutes } from "./routes/index.ts";

/**
 * Every route. Loaded with the first request that is for one, or soon after the start.
 * @throws Error for a route that does not say who may call it
 */
export function controlApi(): RouteAt {
  const routes = allRoutes();
  checkRoutes(routes);
  return routeTable(routes);
}
