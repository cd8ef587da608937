import { type AuditRow, toAuditRow } from "./audit.ts";
import { blockOf, blockRows, type Found, found } from "./audit-blocks.ts";
import { type Op, type Row, type Statement, sql, type Value } from "./op.ts";

/** What a reader of the audit log asks for; what is absent is not asked about. Times are Unix milliseconds, `until` excluded. */
export type AuditFilter = {
  user?: string | undefined;
  subject?: string | undefined;
  tokenName?: string | undefined;
  tokenSha?: string | undefined;
  project?: string | undefined;
  server?: string | undefined;
  tool?: string | undefined;
  /** What it was done to, as `servers/files`. */
  resource?: string | undefined;
  outcome?: string | undefined;
  kind?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
};

/** Where a page begins: below `before`, newest first; or above `after`, oldest first. */
export type AuditPage = { before?: number | undefined; after?: number | undefined; limit: number };

/** All that one caller did by one token or login in one project. */
export type AuditSession = {
  subject: string;
  user: string | null;
  tokenName: string | null;
  tokenSha: string | null;
  sessionId: string | null;
  project: string | null;
  firstAt: number;
  lastAt: number;
  events: number;
  calls: number;
  errors: number;
  refusals: number;
};

export function* queryAudit(filter: AuditFilter, { before, after, limit }: AuditPage): Op<AuditRow[]> {
  const range = yield* rangeOf(filter);
  if (range === undefined) return [];
  const from = Math.max(range.from, (after ?? 0) + 1);
  const to = Math.min(range.to, (before ?? Number.MAX_SAFE_INTEGER) - 1);
  const { parts, picked } = statements[after === undefined ? "newest" : "oldest"][driverOf(filter)];
  const rows: Row[] = yield { parts, values: [...valuesOf(filter, picked, { from, to }), limit] };
  return rows.map(toAuditRow);
}

/** Newest first. What it costs grows with the events in the time that is asked about. */
export function* auditSessions(filter: AuditFilter, limit: number): Op<AuditSession[]> {
  const range = yield* rangeOf(filter);
  if (range === undefined) return [];
  const { parts, picked } = statements.sessions[driverOf(filter)];
  const rows: Row[] = yield { parts, values: [...valuesOf(filter, picked, range), limit] };
  return rows.map(toSession);
}

const columns = {
  tokenSha: "token_sha",
  user: "user_name",
  outcome: "outcome",
  kind: "kind",
  subject: "subject",
  tokenName: "token_name",
  project: "project",
  server: "server",
  tool: "tool",
  resource: "resource",
} as const;
type Column = keyof typeof columns;
const names = Object.keys(columns) as Column[];

/** The one condition that finds its rows, by block or by an index. The text of a statement depends on it alone, so there are few to keep prepared. */
const drivers = {
  tokenSha: byBlock("tokenSha"),
  user: byBlock("user"),
  outcome: "audit_events e WHERE outcome = ? AND outcome <> 'ok'",
  kind: "audit_events e WHERE kind = ? AND kind <> 'call'",
  tool: byBlock("tool"),
  project: byBlock("project"),
  none: "audit_events e WHERE 1 = 1",
} as const;

/** Of each block it is looked up whether it has the value. `CROSS JOIN` keeps SQLite from beginning with the events. */
function byBlock(name: Found): string {
  return `audit_blocks b CROSS JOIN audit_events e WHERE b.name = '${name}' AND b.value = ? AND b.block IN (
      WITH RECURSIVE blocks (n) AS (SELECT max(?, coalesce((SELECT min(seq) FROM audit_events), 0) / ${blockRows})
        UNION ALL SELECT n + 1 FROM blocks WHERE n < min(?, (SELECT max(seq) FROM audit_events) / ${blockRows})) SELECT n FROM blocks)
    AND e.seq BETWEEN b.block * ${blockRows} AND b.block * ${blockRows} + ${blockRows - 1} AND e.${columns[name]} = b.value`;
}
type Driver = keyof typeof drivers;

function driverOf({ tokenSha, user, outcome, kind, tool, project }: AuditFilter): Driver {
  if (tokenSha !== undefined) return "tokenSha";
  if (outcome !== undefined && outcome !== "ok") return "outcome";
  if (kind !== undefined && kind !== "call") return "kind";
  if (user !== undefined) return "user";
  if (tool !== undefined) return "tool";
  return project === undefined ? "none" : "project";
}

type Prepared = { parts: Statement["parts"]; picked: Driver };

function prepared(picked: Driver, select: string, rest: string): Prepared {
  const others = names.filter((name) => name !== picked).map((name) => `(? IS NULL OR ${columns[name]} = ?)`);
  // By block, the range of rows is the block's.
  const seq = isByBlock(picked) ? "+seq" : "seq";
  const where = [
    drivers[picked],
    ...others,
    "(? IS NULL OR at >= ?)",
    "(? IS NULL OR at < ?)",
    `${seq} BETWEEN ? AND ?`,
  ];
  return { picked, parts: `${select} FROM ${where.join(" AND ")} ${rest}`.split("?") };
}

function forEachDriver(select: string, rest: (picked: Driver) => string): Record<Driver, Prepared> {
  const all = (Object.keys(drivers) as Driver[]).map(
    (driver) => [driver, prepared(driver, select, rest(driver))] as const,
  );
  return Object.fromEntries(all) as Record<Driver, Prepared>;
}

const isByBlock = (picked: Driver): picked is Found => (found as readonly string[]).includes(picked);
/** In the order in which they are found, so that nothing is sorted. */
const inOrder = (direction: "" | " DESC") => (picked: Driver) =>
  `ORDER BY ${isByBlock(picked) ? `block${direction}, ` : ""}seq${direction} LIMIT ?`;

const sum = (condition: string) => `sum(CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
const statements = {
  newest: forEachDriver("SELECT e.*", inOrder(" DESC")),
  oldest: forEachDriver("SELECT e.*", inOrder("")),
  sessions: forEachDriver(
    `SELECT subject, max(CASE WHEN subject = '' THEN NULL ELSE user_name END) AS user_name, max(token_name) AS token_name,
      max(token_sha) AS token_sha, max(session_id) AS session_id, project, min(at) AS first_at, max(at) AS last_at, count(*) AS events,
      ${sum("kind = 'call'")} AS calls, ${sum("outcome = 'error'")} AS errors, ${sum("outcome = 'refused'")} AS refusals`,
    () => "GROUP BY subject, coalesce(token_sha, session_id, ''), project ORDER BY max(seq) DESC LIMIT ?",
  ),
};

type Range = { from: number; to: number };

function valuesOf(filter: AuditFilter, picked: Driver, { from, to }: Range): Value[] {
  const twice = (value: Value | undefined): Value[] => [value ?? null, value ?? null];
  const driven = picked === "none" ? [] : [filter[picked] ?? null];
  const blocks = isByBlock(picked) ? [blockOf(from), blockOf(to)] : [];
  const others = names.filter((name) => name !== picked).flatMap((name) => twice(filter[name]));
  return [...driven, ...blocks, ...others, ...twice(filter.since), ...twice(filter.until), from, to];
}

/**
 * The rows of a time, by number. Times nearly follow the numbers and not quite (what waited in the queue comes later), so the bounds are
 * looked up rather than guessed; without them a question about the last hour would read the whole log. `+ 0` keeps SQLite from walking the
 * rows by number until one fits.
 */
function* rangeOf({ since, until }: AuditFilter): Op<Range | undefined> {
  let [from, to] = [0, Number.MAX_SAFE_INTEGER];
  if (since !== undefined) {
    const [row]: Row[] = yield sql`SELECT min(seq + 0) AS seq FROM audit_events WHERE at >= ${since}`;
    if (typeof row?.["seq"] !== "number") return undefined;
    from = row["seq"];
  }
  if (until !== undefined) {
    const earliest = since ?? Number.MIN_SAFE_INTEGER;
    const [row]: Row[] =
      yield sql`SELECT max(seq + 0) AS seq FROM audit_events WHERE at >= ${earliest} AND at < ${until}`;
    if (typeof row?.["seq"] !== "number") return undefined;
    to = row["seq"];
  }
  return { from, to };
}

const toSession = (row: Row): AuditSession => {
  const text = (name: string) => (row[name] === null ? null : String(row[name]));
  return {
    subject: String(row["subject"]),
    user: text("user_name"),
    tokenName: text("token_name"),
    tokenSha: text("token_sha"),
    sessionId: text("session_id"),
    project: text("project"),
    firstAt: Number(row["first_at"]),
    lastAt: Number(row["last_at"]),
    events: Number(row["events"]),
    calls: Number(row["calls"]),
    errors: Number(row["errors"]),
    refusals: Number(row["refusals"]),
  };
};
