import { type AuditMarks, markAuditRows, unmarkAuditRows } from "./audit-blocks.ts";
import { insertOf, insertRows } from "./many-rows.ts";
import { type Op, type Row, sql, type Value } from "./op.ts";

/** One recorded event as it lies on disk. `detail` is JSON; `hash` covers all other columns and the hash of the row before. */
export type AuditRow = {
  seq: number;
  at: number;
  kind: string;
  outcome: string;
  subject: string;
  user: string | null;
  tokenName: string | null;
  tokenSha: string | null;
  sessionId: string | null;
  address: string | null;
  project: string | null;
  server: string | null;
  tool: string | null;
  action: string | null;
  resource: string | null;
  durationMs: number | null;
  requestBytes: number | null;
  responseBytes: number | null;
  detail: string | null;
  hash: string;
};

/** A place in the chain: the row's number and its hash. Before the first row it is 0 and the empty text. */
export type AuditPlace = { seq: number; hash: string };
/** A place that the server put its key to. */
export type SignedPlace = AuditPlace & { at: number; mac: string };

/** The end of the chain: its last row, or what retention left of an empty one. */
export function* lastAuditPlace(): Op<AuditPlace> {
  const [row]: Row[] = yield sql`SELECT seq, hash FROM audit_events ORDER BY seq DESC LIMIT 1`;
  return row === undefined ? yield* auditAnchor() : { seq: Number(row["seq"]), hash: String(row["hash"]) };
}

const insert = insertOf(
  `audit_events (seq, at, kind, outcome, subject, user_name, token_name, token_sha, session_id, address, project,
    server, tool, action, resource, duration_ms, request_bytes, response_bytes, detail, hash)`,
  20,
);

/** After that place, and told where they are found. */
export function* insertAuditRows(after: AuditPlace, rows: readonly AuditRow[], marks: AuditMarks): Op<void> {
  yield* insertRows(insert, rows.length, (from, to) => valuesOf(rows, from, to));
  yield* markAuditRows(after, rows, marks);
}

function valuesOf(rows: readonly AuditRow[], from: number, to: number): Value[] {
  const values: Value[] = [];
  for (let n = from; n < to; n++) {
    const row = rows[n] as AuditRow;
    values.push(row.seq, row.at, row.kind, row.outcome, row.subject, row.user, row.tokenName, row.tokenSha);
    values.push(row.sessionId, row.address, row.project, row.server, row.tool, row.action, row.resource);
    values.push(row.durationMs, row.requestBytes, row.responseBytes, row.detail, row.hash);
  }
  return values;
}

/** The whole chain in pages, in order. */
export function* auditRowsAfter(seq: number, limit: number): Op<AuditRow[]> {
  const rows: Row[] = yield sql`SELECT * FROM audit_events WHERE seq > ${seq} ORDER BY seq LIMIT ${limit}`;
  return rows.map(toAuditRow);
}

export function* auditAnchor(): Op<SignedPlace> {
  const [row]: Row[] = yield sql`SELECT seq, hash, at, mac FROM audit_anchor`;
  return row === undefined ? { seq: 0, hash: "", at: 0, mac: "" } : toSigned(row);
}

export function* auditHeads(): Op<SignedPlace[]> {
  const rows: Row[] = yield sql`SELECT seq, hash, at, mac FROM audit_heads ORDER BY seq`;
  return rows.map(toSigned);
}

export function* lastAuditHead(): Op<SignedPlace | undefined> {
  const [row]: Row[] = yield sql`SELECT seq, hash, at, mac FROM audit_heads ORDER BY seq DESC LIMIT 1`;
  return row === undefined ? undefined : toSigned(row);
}

export function* putAuditHead({ seq, hash, at, mac }: SignedPlace): Op<void> {
  yield sql`INSERT INTO audit_heads (seq, hash, at, mac) VALUES (${seq}, ${hash}, ${at}, ${mac})`;
}

/** The last of the first `limit` rows that is older than this with all before it; undefined when there is none. */
export function* lastAuditPlaceBefore(at: number, limit: number): Op<AuditPlace | undefined> {
  const rows: Row[] = yield sql`SELECT seq, hash, at FROM audit_events ORDER BY seq LIMIT ${limit}`;
  const young = rows.findIndex((row) => Number(row["at"]) >= at);
  const row = young < 0 ? rows.at(-1) : rows[young - 1];
  return row === undefined ? undefined : { seq: Number(row["seq"]), hash: String(row["hash"]) };
}

/** Takes away the beginning of the chain up to this place, from which it goes on. */
export function* pruneAudit({ seq, hash, at, mac }: SignedPlace): Op<void> {
  yield sql`UPDATE audit_anchor SET seq = ${seq}, hash = ${hash}, at = ${at}, mac = ${mac}`;
  yield sql`DELETE FROM audit_events WHERE seq <= ${seq}`;
  yield sql`DELETE FROM audit_heads WHERE seq < ${seq}`;
  yield* unmarkAuditRows(seq);
}

const toSigned = (row: Row): SignedPlace => ({
  seq: Number(row["seq"]),
  hash: String(row["hash"]),
  at: Number(row["at"]),
  mac: String(row["mac"]),
});

const textOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : String(value));
const numberOf = (value: Row[string] | undefined) => (value === null || value === undefined ? null : Number(value));

export const toAuditRow = (row: Row): AuditRow => ({
  seq: Number(row["seq"]),
  at: Number(row["at"]),
  kind: String(row["kind"]),
  outcome: String(row["outcome"]),
  subject: String(row["subject"]),
  user: textOf(row["user_name"]),
  tokenName: textOf(row["token_name"]),
  tokenSha: textOf(row["token_sha"]),
  sessionId: textOf(row["session_id"]),
  address: textOf(row["address"]),
  project: textOf(row["project"]),
  server: textOf(row["server"]),
  tool: textOf(row["tool"]),
  action: textOf(row["action"]),
  resource: textOf(row["resource"]),
  durationMs: numberOf(row["duration_ms"]),
  requestBytes: numberOf(row["request_bytes"]),
  responseBytes: numberOf(row["response_bytes"]),
  detail: textOf(row["detail"]),
  hash: String(row["hash"]),
});
