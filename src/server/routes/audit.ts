import { eventOf, isoTime } from "../../operations/audit-entry.ts";
import { lastAuditPlace } from "../../storage/audit.ts";
import { type AuditSession, auditSessions, queryAudit } from "../../storage/audit-query.ts";
import { auditRead, confined, followedAudit } from "../audit-follow.ts";
import { filterIn, filterParameters, limits, wholeNumber } from "../audit-query.ts";
import { asCaller, type Call, type Route } from "../route.ts";

const tag = "audit";
const limit = `How many at most: up to ${limits.events}; ${limits.fewest} when absent`;

export const auditRoutes: Route[] = [
  {
    method: "GET",
    path: "/api/v1/audit/events",
    permission: { operation: auditRead },
    tag,
    summary: "What was decided and done, newest first: logins, refusals, changes, calls",
    query: {
      ...filterParameters,
      limit,
      before: "Only events before this number: the `next` of the page before",
      follow: "true to answer NDJSON, oldest first, and go on with what comes",
    },
    handle: async (call, rooms) => {
      const filter = filterIn(call.query, rooms.clock.now());
      const most = limitOf(call);
      const before = wholeNumber("before", call.query, { least: 1, most: Number.MAX_SAFE_INTEGER });
      await rooms.audit.flush();
      const { rows, end } = await asCaller("read", call, rooms, function* (rights) {
        const rows = yield* queryAudit(confined(rights, filter), { before, limit: most });
        return { rows, end: (yield* lastAuditPlace()).seq };
      });
      if (call.query.get("follow") === "true") return followedAudit(rows.toReversed(), end, filter, call, rooms);
      const next = rows.length === most ? rows.at(-1)?.seq : undefined;
      return { items: rows.map(eventOf), ...(next === undefined ? {} : { next }) };
    },
  },
  {
    method: "GET",
    path: "/api/v1/audit/sessions",
    permission: { operation: auditRead },
    tag,
    summary:
      "Who was there: one item for each login or token and project, latest first; of the last 24 hours without `since`",
    query: { ...filterParameters, limit },
    handle: async (call, rooms) => {
      const filter = filterIn(call.query, rooms.clock.now());
      const since = filter.since ?? rooms.clock.now() - dayMs;
      const most = limitOf(call);
      await rooms.audit.flush();
      const sessions = await asCaller("read", call, rooms, (rights) =>
        auditSessions(confined(rights, { ...filter, since }), most),
      );
      return { items: sessions.map(shown) };
    },
  },
];

const dayMs = 86_400_000;

const limitOf = ({ query }: Call) => wholeNumber("limit", query, { least: 1, most: limits.events }) ?? limits.fewest;

function shown({ firstAt, lastAt, ...session }: AuditSession): Record<string, unknown> {
  const given = Object.entries(session).filter(([, value]) => value !== null && value !== "");
  return { ...Object.fromEntries(given), firstAt: isoTime(firstAt), lastAt: isoTime(lastAt) };
}
