import type { Client } from "../client/client.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { usage } from "./parse.ts";
import { promptRequests } from "./prompt-requests.ts";
import { clientFor, confirm, kindAndNames } from "./session.ts";
import { toolChanges } from "./tool-changes.ts";
import type { Args, Run } from "./verb.ts";

export type Action = "approve" | "reject";

/** A kind of which a person says yes or no. */
export type Settling = {
  kind: AnyKind;
  /** The verbs' flags that mean something for it. */
  flags: readonly string[];
  /** What the words and flags mean. @throws Problem */
  chosen: (action: Action, names: readonly string[], args: Args, client: Client) => Promise<Resource[]>;
  /** What a person sees of one before answering. */
  shown: (item: Resource) => string;
  body: (item: Resource, action: Action, args: Args) => unknown;
  /** What `describe` says of one at its end: what to look at, and what to type then. */
  next: (item: Resource) => string;
};

const settlings: readonly Settling[] = [toolChanges, promptRequests];
/** Undefined for a kind of which nobody says yes or no. */
export const settlingOf = (kind: AnyKind): Settling | undefined => settlings.find((one) => one.kind === kind);
const ownFlags = settlings.flatMap(({ flags }) => flags);
const done = { approve: "approved", reject: "rejected" } as const;

/** The work of `approve` and `reject`: shown, asked, and then done by id, so that nothing else is meant than what was shown. */
export const settling =
  (action: Action): Run =>
  async (args, env) => {
    const { kind, names } = kindAndNames(args.words);
    const of = settlingOf(kind);
    if (of === undefined)
      throw new Problem("invalid", `${kind.plural} are not ${done[action]}`, { hint: `mcpctl ${action} --help` });
    const foreign = ownFlags.find((flag) => !of.flags.includes(flag) && args.flag(flag) !== undefined);
    if (foreign !== undefined) throw usage(action, `--${foreign} is not about ${kind.plural}`);
    const client = clientFor(args, env);
    const items = await of.chosen(action, names, args, client);
    if (items.length === 0) env.err(`No ${kind.plural} wait.`);
    if (env.isInteractive && !args.has("yes")) for (const item of items) env.out(of.shown(item));
    const verb = action === "approve" ? "Approve" : "Reject";
    if (items.length === 0 || !(await confirm(`${verb} ${items.map(({ name }) => name).join(", ")}?`, args, env)))
      return 0;
    for (const item of items) {
      await client.act(kind, item.id, action, undefined, of.body(item, action, args));
      if (!args.has("quiet")) env.out(`${kind.kind}/${item.name} ${done[action]}`);
    }
    return 0;
  };
