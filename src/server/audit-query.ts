import { Problem } from "../lib/problem.ts";
import { auditKinds, auditOutcomes } from "../resources/audit.ts";
import type { AuditFilter } from "../storage/audit-query.ts";

/** Reads the questions that may be asked of the audit log out of a query, strictly. Pure. */
export const filterParameters = {
  user: "Only what this user, or a token of this user, did",
  subject: "Only this subject, such as McpToken:0123456789abcdef",
  tokenName: "Only by tokens of this name",
  tokenSha: "Only by the token of this sha",
  project: "Only in this project",
  server: "Only of this server",
  tool: "Only of this tool, by its server's name for it",
  resource: "Only what was done to this, such as servers/files",
  outcome: `Only ${auditOutcomes.join(", ")}`,
  kind: `Only ${auditKinds.join(", ")}`,
  since: "Not before this: an ISO 8601 instant, or how long ago, such as 1h or 7d",
  until: "Before this, likewise",
};

export const limits = { events: 1_000, fewest: 100 } as const;

/** @throws Problem `invalid` */
export function filterIn(query: URLSearchParams, now: number): AuditFilter {
  const text = (name: string) => query.get(name) ?? undefined;
  return {
    user: text("user")?.toLowerCase(),
    subject: text("subject"),
    tokenName: text("tokenName"),
    tokenSha: shaOf(text("tokenSha")),
    project: text("project"),
    server: text("server"),
    tool: text("tool"),
    resource: text("resource"),
    outcome: oneOf("outcome", auditOutcomes, text("outcome")),
    kind: oneOf("kind", auditKinds, text("kind")),
    since: instantOf("since", text("since"), now),
    until: instantOf("until", text("until"), now),
  };
}

/** @throws Problem `invalid` */
export function wholeNumber(
  name: string,
  query: URLSearchParams,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
  throw new Problem("invalid", `${name} is a whole number from ${least} to ${most}`);
}

function oneOf(name: string, known: readonly string[], word: string | undefined): string | undefined {
  if (word === undefined || known.includes(word)) return word;
  throw new Problem("invalid", `${name} is one of ${known.join(", ")}`);
}

function shaOf(text: string | undefined): string | undefined {
  const sha = text?.replace(/^McpToken:/, "");
  if (sha === undefined || /^[0-9a-f]{16}$/.test(sha)) return sha;
  throw new Problem("invalid", "tokenSha is 16 hexadecimal digits, as they stand behind McpToken:");
}

const unitsMs: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** An instant, or how long ago, in Unix milliseconds. @throws Problem `invalid` */
export function instantOf(name: string, text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitsMs[unit] ?? 0);
  // Without a zone an instant would be another one on another machine.
  const isInstant = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const at = isInstant ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new Problem("invalid", `${name} is an instant such as 2026-01-31T08:00:00Z, or how long ago: 30m, 12h, 7d`);
}
