import { auditFlags, filterQuery } from "../audit-table.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

const head = ["LAST", "FIRST", "WHO", "TOKEN", "PROJECT", "EVENTS", "CALLS", "ERRORS", "REFUSALS"];

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const query = filterQuery([...auditFlags, "limit"], args.flag);
  const { items } = (await clientFor(args, env).json("GET", `/api/v1/audit/sessions?${query}`)) as {
    items: Record<string, unknown>[];
  };
  if (format === "json") env.out(JSON.stringify({ kind: "List", items }, null, 2));
  else if (items.length === 0) env.err("No sessions found.");
  else env.out(table(head, items.map(cellsOf), env));
}

function cellsOf(session: Record<string, unknown>): string[] {
  const text = (name: string) => String(session[name] ?? "");
  const time = (name: string) => text(name).replace(/\.\d+Z$/, "Z");
  const who = text("user") || text("subject").replace(/^User:/, "") || "(strangers)";
  const counts = ["events", "calls", "errors", "refusals"].map(text);
  return [time("lastAt"), time("firstAt"), who, text("tokenName"), text("project"), ...counts];
}
