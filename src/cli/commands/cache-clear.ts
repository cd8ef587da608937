import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor, confirm } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const project = args.flag("project");
  const what =
    project === undefined ? "the whole pipeline cache" : `what the pipeline cache holds of project "${project}"`;
  if (!(await confirm(`Clear ${what}?`, args, env))) return;
  const query = project === undefined ? "" : `?project=${encodeURIComponent(project)}`;
  const answer = (await clientFor(args, env).json("DELETE", `/api/v1/cache${query}`)) as { cleared: number };
  if (format === "json") env.out(JSON.stringify(answer, null, 2));
  else if (!args.has("quiet")) env.out(`${answer.cleared} ${answer.cleared === 1 ? "entry" : "entries"} cleared`);
}
