import type { Env } from "../environment.ts";
import { usage } from "../parse.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

const path = "/api/v1/backup/recipients";

export async function run(args: Args, env: Env): Promise<void> {
  const client = clientFor(args, env);
  const isChange = args.words.length > 0 || args.has("none");
  if (args.has("none") && args.words.length > 0) throw usage("backup recipients", "--none goes without recipients");
  const answer = isChange ? await client.json("PUT", path, { recipients: args.words }) : await client.json("GET", path);
  const { recipients } = answer as { recipients: string[] };
  if (args.flag("output") === "json") env.out(JSON.stringify({ recipients }, null, 2));
  else if (recipients.length === 0) env.err("No recipients: whoever backs up says with what the file is locked.");
  else for (const recipient of recipients) env.out(recipient);
}
