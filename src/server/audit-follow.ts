import { callerOf } from "../auth/authenticate.ts";
import { sleep } from "../lib/wait.ts";
import { type AuditEvent, eventOf } from "../operations/audit-entry.ts";
import { demandOperation } from "../rbac/judge.ts";
import { type Rights, rightsOf } from "../rbac/rights.ts";
import { type AuditRow, lastAuditPlace } from "../storage/audit.ts";
import { type AuditFilter, queryAudit } from "../storage/audit-query.ts";
import type { Rooms } from "./rooms.ts";
import type { Call } from "./route.ts";
import { isRefusal } from "./watch.ts";

/** The right to read the audit log. */
export const auditRead = "audit-read";

/** A token sees nothing outside its project, whatever it asks for; nor what happened in another one that bore the name before. */
export function confined({ project }: Rights, filter: AuditFilter): AuditFilter {
  if (project === undefined) return filter;
  const since = Math.max(filter.since ?? Number.NEGATIVE_INFINITY, Date.parse(project.createdAt));
  return { ...filter, project: project.name, since };
}

const pageRows = 256;
/** How long a follower may go without a look at the log and at its own right: what is revoked ends within that time. */
const lookMs = 500;

/**
 * Events as they are committed, until the reader goes, its right ends, or the server stops. Read when the reader wants more, so that one who
 * does not keep up costs no memory and misses nothing.
 */
export function followedAudit(
  first: readonly AuditRow[],
  end: number,
  filter: AuditFilter,
  call: Call,
  rooms: Rooms,
): Response {
  call.keepOpen();
  const gone = new AbortController();
  const over = AbortSignal.any([gone.signal, rooms.stopSignal]);
  const { bearer } = call;
  const encoder = new TextEncoder();
  let pending: readonly AuditRow[] = first;
  let seen = end;

  async function more(): Promise<readonly AuditRow[]> {
    const { rows, last } = await rooms.db.read(function* () {
      const rights = yield* rightsOf(yield* callerOf(rooms.hashKeys, bearer, rooms.clock.now()));
      demandOperation(rights, auditRead);
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
        if (!isRefusal(error)) throw error;
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
