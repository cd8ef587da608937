import { findKind } from "../../resources/index.ts";
import type { Env } from "../environment.ts";
import { printable } from "../printable.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

/** Following ends with the process, at Ctrl-C; there is no deadline for it. */
const untilInterrupted = new AbortController().signal;

export async function run(args: Args, env: Env): Promise<void> {
  const [word = ""] = args.words;
  const [first = "", second] = word.split("/", 2);
  const kind = second === undefined ? "servers" : (findKind(first)?.plural ?? first);
  const query = new URLSearchParams({
    tail: args.flag("tail") ?? "100",
    ...(args.has("follow") ? { follow: "true" } : {}),
  });
  const path = `/api/v1/${kind}/${encodeURIComponent(second ?? first)}/logs?${query}`;
  const response = await clientFor(args, env).send(
    "GET",
    path,
    undefined,
    args.has("follow") ? untilInterrupted : undefined,
  );
  const decoder = new TextDecoder();
  let pending = "";
  for await (const chunk of response.body ?? []) {
    const lines = (pending + decoder.decode(chunk, { stream: true })).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) env.out(printable(line));
  }
  if (pending !== "") env.out(printable(pending));
}
