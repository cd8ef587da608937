import { Problem } from "../../lib/problem.ts";
import { findKind } from "../../resources/index.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor, kindAndNames } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [word = ""] = args.words;
  const saysKind = word.includes("/") || (args.words.length > 1 && findKind(word) !== undefined);
  const { kind, names } = kindAndNames(saysKind ? args.words : [Server.plural, ...args.words]);
  if (kind !== Server && kind !== Instance)
    throw new Problem("invalid", "only servers and instances are restarted", { hint: "mcpctl restart --help" });
  const format = formatOf(args, ["table", "json"]);
  const client = clientFor(args, env);
  for (const name of names) {
    const path = `/api/v1/${kind.plural}/${encodeURIComponent(name)}/restart`;
    const done = (await client.json("POST", path)) as { name: string; state: string };
    env.out(format === "json" ? JSON.stringify(done) : `${kind.kind} "${done.name}" ${done.state}`);
  }
}
