import type { Env } from "../environment.ts";
import { formatOf, printResources } from "../output.ts";
import { clientFor, kindAndNames, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const format = formatOf(args);
  const client = clientFor(args, env);
  const project = projectFor(kind, args, names);
  const items =
    names.length === 0
      ? await client.list(kind, project)
      : await Promise.all(names.map((name) => client.get(kind, name, project)));
  printResources(kind, items, names.length === 1, format, env);
}
