import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import type { Env } from "../environment.ts";
import { clientFor, kindAndNames } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [first = "", second] = args.words;
  const isKind = second !== undefined || first.includes("/");
  const { kind, names } = kindAndNames(isKind ? args.words : [Server.plural, first]);
  const [name] = names;
  if (kind !== Server && kind !== Instance)
    throw new Problem("invalid", "only servers and instances have logs", { hint: "mcpctl logs --help" });
  const query = new URLSearchParams();
  for (const flag of ["tail", "since"]) if (args.flag(flag) !== undefined) query.set(flag, args.flag(flag) ?? "");
  for (const flag of ["previous", "timestamps", "follow"]) if (args.has(flag)) query.set(flag, "true");
  // Followed logs have no deadline: they end with the server, at Ctrl-C, or when nobody reads them.
  const signal = args.has("follow") ? (env.readerGone ?? new AbortController().signal) : undefined;
  const path = `/api/v1/${kind.plural}/${encodeURIComponent(name ?? "")}/logs?${query}`;
  let lines = 0;
  try {
    for await (const line of clientFor(args, env).lines(path, signal)) {
      lines++;
      env.out(printable(line));
    }
  } catch (error) {
    if (signal?.aborted === true) return;
    // As one types a pod's name.
    const isCopy = !isKind && /-\d+$/.test(first);
    if (!isCopy || !(error instanceof Problem) || error.code !== "not_found") throw error;
    throw new Problem("not_found", error.message, { hint: `mcpctl logs instance/${first}`, cause: error });
  }
  if (lines === 0 && signal === undefined && !args.has("quiet"))
    env.err(`${kind.kind} "${name}" wrote nothing${args.flag("since") === undefined ? " yet" : " since then"}`);
}
