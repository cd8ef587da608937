import { redact } from "../lib/log.ts";
import type { AuditEntry } from "../resources/audit.ts";
import type { AuditRow } from "../storage/audit.ts";

/** How much of an event is kept: an event is evidence that something was done, not a copy of what it was done with. */
const entryLimits = { text: 512, detail: 16 * 1024 } as const;

/** An entry as columns, bounded, without a place in the chain yet. */
export function columnsOf(entry: AuditEntry): AuditRow {
  const { actor } = entry;
  return {
    seq: 0,
    at: wholeNumber(entry.at) ?? 0,
    kind: entry.kind,
    outcome: entry.outcome,
    subject: text(actor.subject) ?? "",
    user: text(actor.user),
    tokenName: text(actor.tokenName),
    tokenSha: text(actor.tokenSha),
    sessionId: text(actor.sessionId),
    address: text(entry.address),
    project: text(entry.project),
    server: text(entry.server),
    tool: text(entry.tool),
    action: text(entry.action),
    resource: text(entry.resource),
    durationMs: wholeNumber(entry.durationMs),
    requestBytes: wholeNumber(entry.requestBytes),
    responseBytes: wholeNumber(entry.responseBytes),
    detail: detailText(entry.detail),
    hash: "",
  };
}

/** A recorded event as readers see it: what is empty is left out, times are ISO 8601. */
export type AuditEvent = Record<string, unknown> & { seq: number; at: string };

export function eventOf({ at, detail, ...columns }: AuditRow): AuditEvent {
  const { hash, seq, ...rest } = columns;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && value !== ""));
  return {
    seq,
    at: isoTime(at),
    ...given,
    ...(detail === null ? {} : { detail: parsed(detail) }),
    hash,
  };
}

/** A row that was tampered with can still be shown with the others; finding it is `verify`'s work. */
export const isoTime = (at: number): string => (Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at));

function parsed(detail: string): unknown {
  try {
    return JSON.parse(detail);
  } catch {
    return { unreadable: detail };
  }
}

/**
 * Text that comes back from the database as it went in: half of a surrogate pair does not, and a zero byte ends a string for some readers.
 * U+FFFD is what damaged bytes are read as, so no row of ours holds it, and damage shows. Bearers of ours are in none, by whatever road.
 */
const storable = (value: string): string =>
  suspect.test(value)
    ? redact(value)
        .toWellFormed()
        .replace(/[\uFFFD\0]/g, "?")
    : value;
/** One look at what nearly never needs any of the three. */
const suspect = /[\uFFFD\0\uD800-\uDFFF]|mcpctl_/;

function text(value: string | undefined): string | null {
  if (value === undefined) return null;
  const short = value.length > entryLimits.text ? `${value.slice(0, entryLimits.text - 1)}…` : value;
  return storable(short);
}

function detailText(detail: AuditEntry["detail"]): string | null {
  if (detail === undefined) return null;
  const json = JSON.stringify(detail);
  const fits = json.length <= entryLimits.detail;
  return storable(fits ? json : JSON.stringify({ cut: `${json.slice(0, entryLimits.detail / 2)}…` }));
}

const wholeNumber = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : Math.trunc(value);
