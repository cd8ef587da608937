import type { Route } from "../route.ts";
import { applyRoute } from "./apply.ts";
import { auditRoutes } from "./audit.ts";
import { instanceRoutes } from "./instances.ts";
import { openapiRoute } from "./openapi.ts";
import { operationRoutes } from "./operations.ts";
import { resourceRoutes } from "./resources.ts";
import { sessionRoutes } from "./session.ts";

/** Every route but the MCP endpoints. Words that are fixed come before those that match any name. */
export const allRoutes = (): Route[] => [
  ...operationRoutes,
  openapiRoute,
  ...sessionRoutes,
  applyRoute,
  ...auditRoutes,
  ...instanceRoutes,
  ...resourceRoutes(),
];
