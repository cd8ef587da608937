import type { Env } from "../environment.ts";
import { clientFor, confirm } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  if (!(await confirm("Stop keeping changes in git?", args, env))) return;
  await clientFor(args, env).json("DELETE", "/api/v1/backup/git");
  if (!args.has("quiet")) env.out("The git backup is off. What is in the repository stays.");
}
