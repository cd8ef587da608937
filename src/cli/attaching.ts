import { Problem } from "../lib/problem.ts";
import { Project, type ProjectFields, serversOf } from "../resources/project.ts";
import { Server } from "../resources/server.ts";
import type { Env } from "./environment.ts";
import { formatOf, printResources } from "./output.ts";
import { clientFor, kindAndNames, projectNeeded } from "./session.ts";
import type { Args, Run } from "./verb.ts";
import { showWarnings } from "./warnings.ts";

type Entries = ProjectFields["servers"];

/** How often it is done anew to a project that somebody else changes meanwhile. */
const mostTries = 3;

/** The work of `attach-server` and `detach-server`: a change of one field, to the version that was read. */
export const attaching =
  (
    verb: string,
    change: (entries: Entries, names: readonly string[]) => Entries,
    done: readonly [string, string],
  ): Run =>
  async (args, env) => {
    const name = projectNeeded(args);
    if (name === undefined)
      throw new Problem("invalid", "which project?", { hint: `mcpctl ${verb} ${args.words.join(" ")} -p PROJECT` });
    const { names } = serversIn(args);
    const format = formatOf(args);
    const client = clientFor(args, env);
    for (let tries = 1; ; tries++) {
      const project = await client.get(Project, name);
      const { servers } = project as unknown as ProjectFields;
      const changed = change(servers, names);
      const had = new Set(serversOf({ servers }).map(({ server }) => server));
      try {
        const isSame = changed.length === servers.length;
        const saved = isSame ? project : await client.patch(Project, project.id, { servers: changed }, project.version);
        if (args.flag("output") !== undefined) return printResources(Project, [saved], true, format, env);
        if (!args.has("quiet")) tell(names, had, done, saved.name, env);
        return showWarnings(saved.status?.["warnings"], `project/${saved.name}`, format, env);
      } catch (error) {
        if (!(error instanceof Problem && error.code === "conflict") || tries === mostTries) throw error;
      }
    }
  };

/** Servers alone, or as `server NAME` and `server/NAME`. */
const serversIn = (args: Args) => {
  const isSaid =
    args.words[0]?.includes("/") === true || (args.words.length > 1 && /^servers?$/.test(args.words[0] ?? ""));
  const { kind, names } = kindAndNames(isSaid ? args.words : [Server.plural, ...args.words]);
  if (kind !== Server) throw new Problem("invalid", "only servers are attached to projects");
  return { names: [...new Set(names)] };
};

function tell(
  names: readonly string[],
  had: ReadonlySet<string>,
  [done, already]: readonly [string, string],
  project: string,
  env: Env,
) {
  const was = done.startsWith("attached");
  for (const name of names) env.out(`server/${name} ${had.has(name) === was ? already : done} project/${project}`);
}
