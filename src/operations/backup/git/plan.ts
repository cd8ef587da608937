import type { AuditRow } from "../../../storage/audit.ts";
import type { Commit, FileChange } from "./repository.ts";

/** What differs of one object, and by what names the audit log knows it. */
export type Difference = {
  resource: string;
  project: string | undefined;
  changes: FileChange[];
  isNew: boolean;
  isGone: boolean;
};

const words: Record<string, string> = {
  create: "created",
  update: "configured",
  delete: "deleted",
  revoke: "revoked",
  rotate: "rotated",
};
const trailer = "Audit-Event";
const nobody = "mcpctl <mcpctl@localhost>";

/**
 * A commit for each object that differs, by who changed it last, in the order in which it happened; what nobody is known to have changed comes
 * last, in one. Several changes of one object that were not committed in time are one commit. Pure.
 */
export function commitsFor(
  differences: readonly Difference[],
  events: readonly AuditRow[],
  seq: number,
  at: number,
): Commit[] {
  const explained = differences.map((difference) => ({ difference, event: lastOf(difference, events) }));
  const byEvent = explained
    .flatMap(({ difference, event }) => (event === undefined ? [] : [{ difference, event }]))
    .toSorted((a, b) => a.event.seq - b.event.seq)
    .map(({ difference, event }) => ({
      author: authorOf(event),
      at: event.at,
      message: `${deedOf(difference, event)} ${oneOf(event)} by ${event.user ?? "mcpctl"}${byToken(event)}\n\n${trailer}: ${event.seq}\n`,
      changes: difference.changes,
    }));
  const rest = explained.filter(({ event }) => event === undefined).flatMap(({ difference }) => difference.changes);
  if (rest.length === 0) return byEvent;
  const count = `${rest.length} ${rest.length === 1 ? "file" : "files"}`;
  return [
    ...byEvent,
    { author: nobody, at, message: `brought ${count} up to date\n\n${trailer}: ${seq}\n`, changes: rest },
  ];
}

/** The last event that a commit's message says it holds. */
export const seqIn = (message: string): number =>
  Number(new RegExp(`^${trailer}: (\\d{1,15})$`, "m").exec(message)?.[1] ?? 0);

const lastOf = ({ resource, project }: Difference, events: readonly AuditRow[]): AuditRow | undefined =>
  events.findLast(
    (event) =>
      event.resource === resource && (project === undefined || event.project === null || event.project === project),
  );

function deedOf({ isNew, isGone }: Difference, { action }: AuditRow): string {
  if (isGone) return words[action ?? ""] ?? "deleted";
  return isNew ? "created" : (words[action === "create" ? "update" : (action ?? "")] ?? "configured");
}

const oneOf = ({ resource, project }: AuditRow): string => {
  const [plural = "", name = ""] = (resource ?? "").split("/", 2);
  const singular = plural === "rbac" ? plural : plural.replace(/s$/, "");
  return plain(
    `${singular}/${["prompts", "promptrequests", "mcptokens"].includes(plural) && project ? `${project}/` : ""}${name}`,
  );
};
const byToken = ({ tokenName }: AuditRow): string => (tokenName === null ? "" : ` with token ${plain(tokenName)}`);

function authorOf({ user }: AuditRow): string {
  const name = plain(user ?? "mcpctl").replace(/[<>]/g, "");
  return `${name} <${name.includes("@") ? name : `${name}@localhost`}>`;
}

const plain = (text: string): string => text.replace(/[\p{Cc}\n]/gu, " ").slice(0, 200);
