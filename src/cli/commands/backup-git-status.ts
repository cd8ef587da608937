import type { Env } from "../environment.ts";
import { type GitStatus, tellGitStatus } from "../git-status.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<number> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const status = (await clientFor(args, env).json("GET", "/api/v1/backup/status")) as GitStatus;
  if (isJson) env.out(JSON.stringify(status, null, 2));
  else tellGitStatus(status, env);
  return status.lastError === undefined ? 0 : 8;
}
