import type { Env } from "../environment.ts";
import { type GitStatus, tellGitStatus } from "../git-status.ts";
import { formatOf } from "../output.ts";
import { during } from "../progress.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const client = clientFor(args, env);
  const status = await during(
    "Bringing the repository in line",
    args,
    env,
    () => client.json("POST", "/api/v1/backup/git/sync", { force: args.has("force") }) as Promise<GitStatus>,
  );
  if (isJson) env.out(JSON.stringify(status, null, 2));
  else if (!args.has("quiet")) tellGitStatus(status, env);
}
