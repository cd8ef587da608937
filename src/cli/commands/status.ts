import type { Client } from "../../client/client.ts";
import { Problem } from "../../lib/problem.ts";
import { sleep } from "../../lib/wait.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import { type Status, statusPage } from "../status-page.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const client = clientFor(args, env);
  if (args.has("watch")) return await watched(client, format, env);
  if (args.has("health")) return void (await client.send("GET", "/readyz"));
  const status = (await client.json("GET", "/api/v1/status")) as Status;
  env.out(format === "json" ? JSON.stringify(status, null, 2) : statusPage(client.url, status, env));
}

const everyMs = 2_000;
/** The screen is cleared from its first place. */
const clear = "\x1b[H\x1b[2J";

/** Again every two seconds, until Ctrl-C or until nobody reads; a restart is waited for. A program is given a line of JSON each time. */
async function watched(client: Client, format: string, env: Env): Promise<void> {
  const gone = env.readerGone ?? new AbortController().signal;
  for (let isFirst = true; !gone.aborted; isFirst = false) {
    try {
      const status = (await client.json("GET", "/api/v1/status")) as Status;
      const page = format === "json" ? JSON.stringify(status) : statusPage(client.url, status, env);
      env.out(env.isTerminal && format !== "json" ? clear + page : page);
    } catch (error) {
      if (isFirst || !(error instanceof Problem) || error.code !== "unavailable") throw error;
      env.err(`mcpctl at ${client.url} does not answer; waiting for it`);
    }
    await sleep(everyMs, gone);
  }
}
