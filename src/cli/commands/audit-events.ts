import type { Client } from "../../client/client.ts";
import { auditFlags, type Event, eventCells, eventHead, filterQuery, followLine } from "../audit-table.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { usage } from "../parse.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

const pageSize = 1_000;

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const query = filterQuery(auditFlags, args.flag);
  const limit = limitOf(args.flag("limit") ?? "100");
  const client = clientFor(args, env);
  if (args.has("follow")) return await follow(client, query, limit, format === "json", env);
  const events = (await eventsOf(client, query, limit)).toReversed();
  if (format === "json") env.out(JSON.stringify({ kind: "List", items: events }, null, 2));
  else if (events.length === 0) env.err("No events found.");
  else env.out(table(eventHead, events.map(eventCells), env));
}

/** Newest first, page by page. */
async function eventsOf(client: Client, query: URLSearchParams, limit: number): Promise<Event[]> {
  const events: Event[] = [];
  while (events.length < limit) {
    query.set("limit", String(Math.min(pageSize, limit - events.length)));
    const page = (await client.json("GET", `/api/v1/audit/events?${query}`)) as { items: Event[]; next?: number };
    events.push(...page.items);
    if (page.next === undefined) break;
    query.set("before", String(page.next));
  }
  return events;
}

/** Without a deadline: ends with the server, at Ctrl-C, or when nobody reads. */
async function follow(client: Client, query: URLSearchParams, limit: number, isJson: boolean, env: Env): Promise<void> {
  query.set("follow", "true");
  query.set("limit", String(Math.min(pageSize, limit)));
  const signal = env.readerGone ?? new AbortController().signal;
  if (!isJson) env.out(followLine(eventHead));
  try {
    for await (const line of client.lines(`/api/v1/audit/events?${query}`, signal)) {
      const event = JSON.parse(line) as Event;
      env.out(isJson ? JSON.stringify(event) : followLine(eventCells(event)));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function limitOf(text: string): number {
  const limit = Number(text);
  if (/^\d{1,7}$/.test(text) && limit > 0) return limit;
  throw usage("audit events", "--limit takes a whole number above 0");
}
