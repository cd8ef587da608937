import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Entry = { hash: string; date: string; author: string; message: string };

export async function run(args: Args, env: Env): Promise<void> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const query = new URLSearchParams({ limit: args.flag("limit") ?? "20" });
  const answer = await clientFor(args, env).json("GET", `/api/v1/backup/git/log?${query}`);
  const { items } = answer as { items: Entry[] };
  if (isJson) env.out(JSON.stringify(items, null, 2));
  else if (args.has("quiet")) for (const { hash } of items) env.out(hash);
  else if (items.length === 0) env.err("There is no commit yet.");
  else {
    const rows = items.map(({ hash, date, message }) => [hash.slice(0, 10), date, printable(message)]);
    env.out(table(["COMMIT", "TIME", "WHAT"], rows, env));
  }
}
