import { printable } from "../lib/printable.ts";

/** An event of the audit log as the API gives it. */
export type Event = Record<string, unknown> & { seq: number; at: string };

export const eventHead = ["TIME", "KIND", "OUTCOME", "WHO", "TOKEN", "PROJECT", "WHAT", "MS", "DETAIL"] as const;

/** How wide columns are when rows come one by one, and nobody knows yet how wide the widest will be. */
const followWidths = [20, 7, 7, 24, 12, 12, 32, 5];
const longestDetail = 160;

/** One line of the table. Pure: what is absent is empty, so that columns stay columns. */
export function eventCells(event: Event): string[] {
  const text = (name: string) => (event[name] === undefined ? "" : String(event[name]));
  const who = text("user") || text("subject").replace(/^User:/, "") || text("address");
  return [
    event.at.replace(/\.\d+Z$/, "Z"),
    text("kind"),
    text("outcome"),
    who,
    text("tokenName"),
    text("project"),
    whatOf(event),
    text("durationMs"),
    detailOf(event["detail"]),
  ];
}

/** Rows of a list that is still growing: padded to widths that are known beforehand. */
export function followLine(cells: readonly string[]): string {
  return cells
    .map((cell, i) => {
      const clean = printable(cell);
      return clean + " ".repeat(Math.max(0, (followWidths[i] ?? 0) - Bun.stringWidth(clean)));
    })
    .join("   ")
    .trimEnd();
}

function whatOf(event: Event): string {
  const { kind, action, resource, server, tool } = event;
  if (kind === "call" && server !== undefined) return `${String(server)}/${String(tool ?? resource ?? action)}`;
  if (kind === "call") return `${String(action)} ${String(tool ?? resource ?? "")}`.trimEnd();
  return [action, resource].filter((word) => word !== undefined).join(" ");
}

/** `key=value` pairs; of a change only the names of the fields, since `-o json` shows what was in them. */
function detailOf(detail: unknown): string {
  if (typeof detail !== "object" || detail === null) return "";
  const { before, after, ...others } = detail as Record<string, unknown>;
  const fields = [...new Set([before, after].flatMap((side) => Object.keys((side ?? {}) as object)))];
  const pairs = Object.entries(others).map(
    ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const line = [...(fields.length === 0 ? [] : [`fields=${fields.join(",")}`]), ...pairs].join(" ");
  return line.length > longestDetail ? `${line.slice(0, longestDetail - 1)}…` : line;
}

/** The filters of a command line as the API's query. */
export function filterQuery(names: readonly string[], flag: (name: string) => string | undefined): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = flag(name);
    if (value !== undefined)
      query.set(
        name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()),
        value,
      );
  }
  return query;
}

export const auditFlags = [
  "user",
  "subject",
  "token-name",
  "token-sha",
  "project",
  "server",
  "tool",
  "resource",
  "outcome",
  "kind",
  "since",
  "until",
] as const;
