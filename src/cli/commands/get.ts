import type { Env } from "../environment.ts";
import { formatOf, printResources } from "../output.ts";
import { usage } from "../parse.ts";
import { clientFor, kindAndNames, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const format = formatOf(args);
  const source = args.flag("source");
  if (source !== undefined) {
    const { namedInFile } = await import("../registry-file.ts");
    return printResources(kind, await namedInFile(kind, names, source, env), names.length === 1, format, env);
  }
  const client = clientFor(args, env);
  const isOfServer = "server" in kind.fields.properties;
  const server = args.flag("server");
  if (server !== undefined && (!isOfServer || names.length > 0))
    throw usage("get", `--server is for lists of what belongs to a server, such as toolchanges`);
  const project = isOfServer ? undefined : projectFor(kind, args, names);
  const items =
    names.length === 0
      ? await client.list(kind, isOfServer ? args.flag("project") : project, server)
      : await Promise.all(names.map((name) => client.get(kind, name, project)));
  printResources(kind, items, names.length === 1, format, env);
}
