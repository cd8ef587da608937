import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const client = clientFor(args, env);
  const [branch, path] = [args.flag("branch"), args.flag("path")];
  const body = { url: args.words[0], ...(branch !== undefined && { branch }), ...(path !== undefined && { path }) };
  const { repoUrl } = (await client.json("PUT", "/api/v1/backup/git", body)) as { repoUrl: string };
  const { recipients } = (await client.json("GET", "/api/v1/backup/recipients")) as { recipients: string[] };
  if (isJson) env.out(JSON.stringify({ repoUrl, recipients }, null, 2));
  else if (!args.has("quiet")) env.out(`Each change is now a commit in ${repoUrl}. See mcpctl backup git status`);
  if (recipients.length === 0)
    env.err(
      "Secrets and password hashes stay out of it, since nobody is there to seal them for: mcpctl backup recipients age1…",
    );
}
