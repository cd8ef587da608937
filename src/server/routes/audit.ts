import { bearerIn, callerOf } from "../../auth/authenticate.ts";
import { Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import { type AuditEvent, eventOf, isoTime } from "../../operations/audit-entry.ts";
import { demandOperation } from "../../rbac/judge.ts";
import { type Rights, rightsOf } from "../../rbac/rights.ts";
import { type AuditRow, lastAuditPlace } from "../../storage/audit.ts";
import { type AuditFilter, type AuditSession, auditSessions, queryAudit } from "../../storage/audit-query.ts";
import { filterIn, filterParameters, limits, wholeNumber } from "../audit-query.ts";
import type { Rooms } from "../rooms.ts";
import { asCaller, type Call, type Route } from "../route.ts";

const tag = "audit";
const operation = "audit-read";
const limit = `How many at most: up to ${limits.events}; ${limits.fewest} when absent`;

export const auditRoutes: Route[] = [
  {
    method: "GET",
    path: "/api/v1/audit/events",
    permission: { operation },
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
      if (call.query.get("follow") === "true") return followed(rows.toReversed(), end, filter, call, rooms);
      const next = rows.length === most ? rows.at(-1)?.seq : undefined;
      return { items: rows.map(eventOf), ...(next === undefined ? {} : { next }) };
    },
  },
  {
    method: "GET",
    path: "/api/v1/audit/sessions",
    permission: { operation },
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

/** A token sees nothing outside its project, whatever it asks for; nor what happened in another one that bore the name before. */
function confined({ project }: Rights, filter: AuditFilter): AuditFilter {
  if (project === undefined) return filter;
  const since = Math.max(filter.since ?? Number.NEGATIVE_INFINITY, Date.parse(project.createdAt));
  return { ...filter, project: project.name, since };
}

function shown({ firstAt, lastAt, ...session }: AuditSession): Record<string, unknown> {
  const given = Object.entries(session).filter(([, value]) => value !== null && value !== "");
  return { ...Object.fromEntries(given), firstAt: isoTime(firstAt), lastAt: isoTime(lastAt) };
}

const pageRows = 256;
/** How long a follower may go without a look at the log and at its own right: what is revoked ends within that time. */
const lookMs = 1_000;

/**
 * Events as they are committed, until the reader goes, its right ends, or the server stops. Read when the reader wants more, so that one who
 * does not keep up costs no memory and misses nothing.
 */
function followed(first: readonly AuditRow[], end: number, filter: AuditFilter, call: Call, rooms: Rooms): Response {
  call.keepOpen();
  const gone = new AbortController();
  const over = AbortSignal.any([gone.signal, rooms.stopSignal]);
  const bearer = bearerIn(call.request.headers.get("authorization"));
  const encoder = new TextEncoder();
  let pending: readonly AuditRow[] = first;
  let seen = end;

  async function more(): Promise<readonly AuditRow[]> {
    const { rows, last } = await rooms.db.read(function* () {
      const rights = yield* rightsOf(yield* callerOf(rooms.hashKey, bearer, rooms.clock.now()));
      demandOperation(rights, operation);
      const rows = yield* queryAudit(confined(rights, filter), { after: seen, limit: pageRows });
      return { rows, last: (yield* lastAuditPlace()).seq };
    });
    seen = rows.length === pageRows ? (rows.at(-1)?.seq ?? seen) : last;
    return rows;
  }

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        while (pending.length === 0 && !over.aborted) {
          // Listened for before looking, so that nothing falls in between.
          const news = new AbortController();
          const stop = rooms.audit.follow(() => news.abort());
          try {
            pending = await more();
            if (pending.length === 0) await sleep(lookMs, AbortSignal.any([news.signal, over]));
          } finally {
            stop();
          }
        }
      } catch (error) {
        // Where the right to read has ended, so does the answer; all else breaks it off.
        if (!(error instanceof Problem) || error.code === "unavailable") throw error;
        pending = [];
        gone.abort();
      }
      if (over.aborted) return controller.close();
      controller.enqueue(encoder.encode(pending.map((row) => lineOf(eventOf(row))).join("")));
      pending = [];
    },
    cancel: () => gone.abort(),
  });
  const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store" };
  return new Response(body, { headers });
}

const lineOf = (event: AuditEvent) => `${JSON.stringify(event)}\n`;
