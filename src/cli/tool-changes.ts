import type { Client } from "../client/client.ts";
import { printable } from "../lib/printable.ts";
import type { Resource } from "../resources/define.ts";
import { ToolChange } from "../resources/tool-change.ts";
import { usage } from "./parse.ts";
import type { Settling } from "./settle.ts";
import type { Args } from "./verb.ts";

/** What of a tool is not as it was approved, line by line. What cannot be seen was made visible by the server. */
function differences({ diff, hidden }: Resource): string[] {
  const lines = (diff ?? []) as string[];
  const unseen = (hidden ?? []) as string[];
  return [
    ...(lines.length === 0 ? [] : ["Diff:", ...lines.map((line) => `  ${line}`)]),
    ...(unseen.length === 0 ? [] : [`Warning: it holds characters that nobody sees: ${unseen.join(", ")}`]),
  ].map((line) => printable(line));
}

function toSettle(change: Resource): string {
  const { state, name } = change;
  const next =
    state === "removed"
      ? `Its server offers it no more; mcpctl approve toolchange ${name} takes note of that.`
      : `Then mcpctl approve toolchange ${name}${state === "rejected" ? " after all" : `, or mcpctl reject toolchange ${name}`}`;
  return [...differences(change), next].join("\n");
}

/** A toolchange as it is settled: what was shown or listed is what the answer is about. */
export const toolChanges: Settling = {
  kind: ToolChange,
  flags: ["server", "all", "hash"],
  chosen,
  shown: (change) =>
    [printable(`${change["state"]}: ${change["server"]}/${change["tool"]}`), ...differences(change)].join("\n"),
  body: ({ hash }, _action, args) => ({ hash: args.flag("hash") ?? hash }),
  next: toSettle,
};

/** By name, or all of a server that nobody has decided yet. */
async function chosen(action: string, names: readonly string[], args: Args, client: Client): Promise<Resource[]> {
  const server = args.flag("server");
  if (names.length > 0) {
    if (args.has("all") || server !== undefined) throw usage(action, "give names, or --server NAME --all");
    if (args.flag("hash") !== undefined && names.length > 1) throw usage(action, "--hash is of one definition");
    return await Promise.all(names.map((name) => client.get(ToolChange, name)));
  }
  if (!args.has("all") || server === undefined) throw usage(action, "which toolchange? Or all: --server NAME --all");
  if (args.flag("hash") !== undefined) throw usage(action, "--hash is of one definition, and not of --all");
  const skipped = action === "approve" ? ["rejected"] : ["rejected", "removed"];
  const listed = await client.list(ToolChange, undefined, server);
  return listed.filter(({ state }) => !skipped.includes(String(state)));
}
