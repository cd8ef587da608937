import { Problem } from "../../lib/problem.ts";
import { findKind } from "../../resources/index.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import { complain } from "../complaint.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { during } from "../progress.ts";
import { timeoutOf, untilReady } from "../readiness.ts";
import { clientFor, kindAndNames } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<number> {
  const [word = ""] = args.words;
  const saysKind = word.includes("/") || (args.words.length > 1 && findKind(word) !== undefined);
  const { kind, names } = kindAndNames(saysKind ? args.words : [Server.plural, ...args.words]);
  if (kind !== Server && kind !== Instance)
    throw new Problem("invalid", "only servers and instances are restarted", { hint: "mcpctl restart --help" });
  const format = formatOf(args, ["table", "json"]);
  const timeout = timeoutOf(args);
  if (args.has("wait") && kind !== Server) throw usage("restart", "--wait is for servers");
  const client = clientFor(args, env);
  let code = 0;
  const restarted: string[] = [];
  for (const name of names) {
    const path = `/api/v1/${kind.plural}/${encodeURIComponent(name)}/restart`;
    try {
      const done = (await during(`Restarting ${name}`, args, env, () => client.json("POST", path))) as Restarted;
      restarted.push(done.name);
      if (format === "json") env.out(JSON.stringify(done));
      else if (!args.has("quiet")) env.out(`${kind.kind} "${done.name}" ${done.state}`);
    } catch (error) {
      // Of several, one that is not there says nothing about the others.
      if (names.length === 1 || !(error instanceof Problem) || !["not_found", "forbidden"].includes(error.code))
        throw error;
      complain(error, env, `${kind.kind}/${name}`);
      code ||= error.exit;
    }
  }
  if (args.has("wait") && kind === Server) await untilReady(restarted, timeout, client, args, env);
  return code;
}

type Restarted = { name: string; state: string };
