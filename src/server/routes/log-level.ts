import { isLogLevel, type LogLevel, logLevels } from "../../lib/log.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { oneOf } from "../../resources/define.ts";
import { readJson } from "../body.ts";
import { asCaller, type Route } from "../route.ts";

const path = "/api/v1/log-level";
const permission = { operation: "log-level" };
const tag = "operations";

/** How much mcpctl tells of itself. A change holds until the next start, which takes what `serve --log` says. */
export const logLevelRoutes: Route[] = [
  {
    method: "GET",
    path,
    permission,
    tag,
    summary: "How much mcpctl writes to its own log",
    handle: (_, { log }) => ({ level: log.level() }),
  },
  {
    method: "PUT",
    path,
    permission,
    tag,
    summary: "Write more or less to the log, until the next start",
    body: () => Type.Object({ level: oneOf(logLevels, "What is less than this is not written") }),
    handle: async (call, rooms) => {
      const { log, audit, clock } = rooms;
      const level = levelIn(await readJson(call.request));
      const by = await asCaller("read", call, rooms, function* ({ actor, address }) {
        return { actor, address };
      });
      const before = log.level();
      log.setLevel(level);
      // Queued, not in a transaction: whoever wants to see why nothing can be written must not fail for that reason.
      if (level !== before)
        audit.note({
          at: clock.now(),
          kind: "change",
          outcome: "ok",
          ...by,
          action: "update",
          resource: "log-level",
          detail: { before: { level: before }, after: { level } },
        });
      return { level, before };
    },
  },
];

function levelIn(body: unknown): LogLevel {
  const { level, ...rest } = (body ?? {}) as Record<string, unknown>;
  if (isLogLevel(level) && Object.keys(rest).length === 0) return level;
  throw new Problem("invalid", `The body is {level}: one of ${logLevels.join(", ")}`, {
    hint: "mcpctl log-level info",
  });
}
