import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Whoami = {
  subject: string;
  user?: string;
  project?: string;
  bindings: { binding: string; from: string; via?: string }[];
};

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const client = clientFor(args, env);
  const me = (await client.json("GET", "/api/v1/auth/whoami")) as Whoami;
  if (format === "json") return env.out(JSON.stringify(me, null, 2));
  if (args.has("quiet")) return env.out(printable(me.subject));
  env.out(
    `${printable(me.subject)} at ${client.url}${me.project === undefined ? "" : `, confined to project "${printable(me.project)}"`}`,
  );
  if (me.bindings.length === 0) return env.err("No rights at all.");
  env.out(
    `\n${table(
      ["RIGHT", "FROM", "THROUGH"],
      me.bindings.map(({ binding, from, via }) => [binding, from, via ?? ""]),
      env,
    )}`,
  );
}
