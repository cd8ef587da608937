import type { Client } from "../client/client.ts";
import { printable } from "../lib/printable.ts";
import { Problem } from "../lib/problem.ts";
import type { Resource } from "../resources/define.ts";
import { ToolChange } from "../resources/tool-change.ts";
import type { Env } from "./environment.ts";
import { usage } from "./parse.ts";
import { clientFor, confirm, kindAndNames } from "./session.ts";
import type { Args, Run } from "./verb.ts";

/** What of a tool is not as it was approved, line by line. What cannot be seen was made visible by the server. */
function differences({ diff, hidden }: Resource): string[] {
  const lines = (diff ?? []) as string[];
  const unseen = (hidden ?? []) as string[];
  return [
    ...(lines.length === 0 ? [] : ["Diff:", ...lines.map((line) => `  ${line}`)]),
    ...(unseen.length === 0 ? [] : [`Warning: it holds characters that nobody sees: ${unseen.join(", ")}`]),
  ].map((line) => printable(line));
}

/** The same, and what to type then. */
export function toSettle(change: Resource): string {
  const { state, name } = change;
  const next =
    state === "removed"
      ? `Its server offers it no more; mcpctl approve toolchange ${name} takes note of that.`
      : `Then mcpctl approve toolchange ${name}${state === "rejected" ? " after all" : `, or mcpctl reject toolchange ${name}`}`;
  return [...differences(change), next].join("\n");
}

const done = { approve: "approved", reject: "rejected" } as const;

/** The work of `approve` and `reject`: what was shown or listed is what the answer is about. */
export const settling =
  (action: keyof typeof done): Run =>
  async (args, env) => {
    const { kind, names } = kindAndNames(args.words);
    if (kind !== ToolChange)
      throw new Problem("invalid", `${kind.plural} are not ${done[action]}`, { hint: `mcpctl ${action} --help` });
    const client = clientFor(args, env);
    const changes = await chosen(action, names, args, client);
    if (changes.length === 0) env.err("No toolchanges wait.");
    if (env.isInteractive && !args.has("yes")) show(changes, env);
    const verb = action === "approve" ? "Approve" : "Reject";
    if (changes.length === 0 || !(await confirm(`${verb} ${changes.map(({ name }) => name).join(", ")}?`, args, env)))
      return 0;
    for (const { id, name, hash } of changes) {
      await client.act(ToolChange, id, action, undefined, { hash: args.flag("hash") ?? hash });
      if (!args.has("quiet")) env.out(`toolchange/${name} ${done[action]}`);
    }
    return 0;
  };

function show(changes: readonly Resource[], env: Env): void {
  for (const change of changes)
    env.out(
      [printable(`${change["state"]}: ${change["server"]}/${change["tool"]}`), ...differences(change)].join("\n"),
    );
}

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
