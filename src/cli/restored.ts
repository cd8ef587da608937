import type { Restored } from "../client/backup.ts";
import { printable } from "../lib/printable.ts";
import type { Env } from "./environment.ts";
import { table } from "./output.ts";

const actions = ["created", "overwritten", "skipped", "unchanged", "left out"];

/** What a restore did, or would do: a line a kind, then what was neither new nor the same. */
export function tellRestored({ counts, notable, auditEvents, auditLeftOut }: Restored, env: Env): void {
  const told = actions.filter((action) => Object.values(counts).some((of) => (of[action] ?? 0) > 0));
  const rows = Object.entries(counts).map(([kind, of]) => [kind, ...told.map((action) => String(of[action] ?? 0))]);
  if (rows.length === 0) env.out("There is nothing in it.");
  else env.out(table(["KIND", ...told.map((action) => action.toUpperCase())], rows, env));
  for (const { kind, name, action, why } of notable)
    env.out(printable(`${kind}/${name} ${action}${why === undefined ? "" : `: ${why}`}`));
  if (auditLeftOut) env.out("The audit log of the backup stays out: this instance has one of its own.");
  if (auditEvents !== undefined) env.out(`${auditEvents} audit events`);
}
