import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Size = { entries: number; bytes: number };
type Stats = Size & {
  mostBytes: number;
  hits: number;
  misses: number;
  evicted: number;
  projects: (Size & { name: string })[];
};

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const project = args.flag("project");
  const query = project === undefined ? "" : `?project=${encodeURIComponent(project)}`;
  const stats = (await clientFor(args, env).json("GET", `/api/v1/cache${query}`)) as Stats;
  if (format === "json") return env.out(JSON.stringify(stats, null, 2));
  const { hits, misses, evicted, mostBytes, projects } = stats;
  const most = mostBytes === 0 ? "in memory only" : `of ${shown(mostBytes)} on disk`;
  env.out(`${stats.entries} entries, ${shown(stats.bytes)} ${most}`);
  env.out(`${hits} hits, ${misses} misses, ${evicted} evicted since the start`);
  if (projects.length > 0)
    env.out(
      table(
        ["PROJECT", "ENTRIES", "SIZE"],
        projects.map(({ name, entries, bytes }) => [name, String(entries), shown(bytes)]),
        env,
      ),
    );
}

const shown = (bytes: number): string =>
  bytes >= 1024 ** 2 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
