import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import { type Status, statusPage } from "../status-page.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const client = clientFor(args, env);
  if (args.has("health")) return void (await client.send("GET", "/readyz"));
  const status = (await client.json("GET", "/api/v1/status")) as Status;
  env.out(format === "json" ? JSON.stringify(status, null, 2) : statusPage(client.url, status, env));
}
