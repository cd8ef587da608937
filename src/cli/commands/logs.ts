import { Problem } from "../../lib/problem.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import type { Env } from "../environment.ts";
import { printable } from "../printable.ts";
import { clientFor, kindAndNames } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [word = ""] = args.words;
  const { kind, names } = kindAndNames(word.includes("/") ? [word] : [Server.plural, word]);
  if (kind !== Server && kind !== Instance)
    throw new Problem("invalid", "only servers and instances have logs", { hint: "mcpctl logs --help" });
  const query = new URLSearchParams({ tail: args.flag("tail") ?? "100" });
  // Followed logs have no deadline: they end with the server, at Ctrl-C, or when nobody reads them.
  if (args.has("follow")) query.set("follow", "true");
  const signal = args.has("follow") ? (env.readerGone ?? new AbortController().signal) : undefined;
  const path = `/api/v1/${kind.plural}/${encodeURIComponent(names[0] ?? "")}/logs?${query}`;
  try {
    for await (const line of clientFor(args, env).lines(path, signal)) env.out(printable(line));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
