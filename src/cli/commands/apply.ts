import type { Env } from "../environment.ts";
import { manifestsFrom } from "../manifests.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";
import { showWarnings } from "../warnings.ts";

type Results = {
  results: { kind: string; name: string; action: string; token?: string; warnings?: string[] }[];
};

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json", "name"]);
  const manifests = await manifestsFrom("apply", args, env);
  const documents = manifests
    .filter(({ ended }) => ended !== true)
    .map(({ kind, name, fields }) => ({ kind: kind.kind, name, ...fields }));
  const dryRun = args.has("dry-run");
  const { results } = (await clientFor(args, env).json("POST", "/api/v1/apply", { documents, dryRun })) as Results;
  if (format === "json") return env.out(JSON.stringify({ results }, null, 2));
  if (!args.has("quiet") && format !== "name")
    for (const { kind, name } of manifests.filter(({ ended }) => ended === true))
      env.out(`${kind.kind}/${name} has ended, skipped`);
  for (const { kind, name, action, token } of results) {
    if (token !== undefined) env.out(`${kind}/${name} created; copy its token now, it is not shown again: ${token}`);
    else if (format === "name") env.out(`${kind}/${name}`);
    else if (!args.has("quiet"))
      env.out(
        `${kind}/${name} ${kind === "mcptoken" && action === "unchanged" ? "already active, skipped" : action}${dryRun ? " (dry run)" : ""}`,
      );
  }
  for (const { kind, name, warnings } of results) showWarnings(warnings, `${kind}/${name}`, format, env);
}
