import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { ClientRow, Where } from "../../client/clients/client.ts";
import { clientRows } from "../../client/clients/index.ts";
import { readLedger } from "../../client/clients/ledger.ts";
import { fileOf } from "../../client/clients/set-up.ts";
import { whereOf } from "../clients/asked.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

/** Every client, whether it seems to be here, and for which projects it was set up from here. */
export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "wide", "json", "name"]);
  const where = whereOf(env);
  const ledger = readLedger(env.home);
  const rows = clientRows.map((row) => ({
    client: row.id,
    title: row.title,
    here: isHere(row, where),
    projects: ledger.filter(({ client }) => client === row.id).map(({ project }) => project),
    ...(row.file === undefined ? {} : { file: fileOf(row, row.file, where, undefined) }),
    about: row.about,
  }));
  if (format === "json") return env.out(JSON.stringify(rows, null, 2));
  if (format === "name") return env.out(rows.map(({ client }) => client).join("\n"));
  const last = (row: (typeof rows)[number]) => (format === "wide" ? [row.file ?? "", row.about] : [row.about]);
  const head = ["CLIENT", "HERE", "PROJECTS", ...(format === "wide" ? ["FILE"] : []), "ABOUT"];
  env.out(
    table(
      head,
      rows.map((row) => [row.client, row.here ? "yes" : "", row.projects.join(","), ...last(row)]),
      env,
    ),
  );
  if (env.isTerminal)
    env.err(
      fitted(
        "\nmcpctl config CLIENT -p PROJECT prints what belongs into it; --mint --write puts it there.",
        env.screen,
      ),
    );
}

/** By its executable, its file, or the folder that only it would have made. */
function isHere({ program, file }: ClientRow, where: Where): boolean {
  if (program !== undefined && Bun.which(program, { PATH: where.variables["PATH"] ?? "" }) !== null) return true;
  const places = file?.user?.(where) ?? [];
  return places.some((path) => existsSync(path) || (dirname(path) !== where.home && existsSync(dirname(path))));
}
