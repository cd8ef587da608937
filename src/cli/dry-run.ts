import { Problem } from "../lib/problem.ts";
import type { Args, Flags } from "./verb.ts";

const modes = ["client", "server"] as const;
export type DryRun = (typeof modes)[number];

export const dryRunFlag = {
  "dry-run": {
    type: "string",
    alone: "server",
    hint: "client|server",
    description: "Change nothing: `client` needs no server, `server`, the default, does it there and takes it back",
  },
} satisfies Flags;

/** @throws Problem `invalid` */
export function dryRunOf(args: Args): DryRun | undefined {
  const text = args.flag("dry-run");
  const mode = modes.find((one) => one === text);
  if (text === undefined || mode !== undefined) return mode;
  throw new Problem("invalid", `--dry-run takes ${modes.join(" or ")}`);
}
