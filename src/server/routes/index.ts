import type { Route } from "../route.ts";
import { aboutRoutes } from "./about.ts";
import { accessRoutes } from "./access.ts";
import { applyRoute } from "./apply.ts";
import { auditRoutes } from "./audit.ts";
import { backupRoutes } from "./backup.ts";
import { cacheRoutes } from "./cache.ts";
import { canIRoute } from "./can-i.ts";
import { gitBackupRoutes } from "./git-backup.ts";
import { instanceRoutes } from "./instances.ts";
import { leakRoute } from "./leaks.ts";
import { logLevelRoutes } from "./log-level.ts";
import { openapiRoute } from "./openapi.ts";
import { operationRoutes } from "./operations.ts";
import { passwordRoute } from "./password.ts";
import { probeRoutes } from "./probes.ts";
import { promptRequestRoutes } from "./prompt-requests.ts";
import { proxyModelRoutes } from "./proxy-models.ts";
import { resourceRoutes } from "./resources.ts";
import { restartRoutes } from "./restart.ts";
import { sessionRoutes } from "./session.ts";
import { tokenRoutes } from "./tokens.ts";
import { toolChangeRoutes } from "./tool-changes.ts";

/** Every route but the MCP endpoints. Words that are fixed come before those that match any name. */
export const allRoutes = (): Route[] => [
  ...probeRoutes,
  ...operationRoutes,
  ...logLevelRoutes,
  ...cacheRoutes,
  ...backupRoutes,
  ...gitBackupRoutes,
  openapiRoute,
  ...sessionRoutes,
  passwordRoute,
  canIRoute,
  ...accessRoutes,
  ...aboutRoutes,
  ...tokenRoutes,
  leakRoute,
  applyRoute,
  ...auditRoutes,
  ...instanceRoutes,
  ...restartRoutes,
  ...toolChangeRoutes,
  ...promptRequestRoutes,
  ...proxyModelRoutes,
  ...resourceRoutes(),
];
