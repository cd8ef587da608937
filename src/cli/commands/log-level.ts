import type { Env } from "../environment.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

const path = "/api/v1/log-level";

/** mcpctl's own log, not that of a server. */
export async function run(args: Args, env: Env): Promise<void> {
  const client = clientFor(args, env);
  const [level] = args.words;
  if (level === undefined) return env.out(((await client.json("GET", path)) as { level: string }).level);
  const { before } = (await client.json("PUT", path, { level })) as { before: string };
  if (!args.has("quiet")) env.out(`the log level is ${level} until the next start; it was ${before}`);
}
