import type { Env } from "../environment.ts";
import type { Args } from "../verb.ts";

/** Something that `explain` tells of besides kinds: `mcpctl explain WORD NAME`. */
export type Topic = {
  summary: string;
  /** Prints what is called so, or without a name what there is. @throws Problem `invalid` for a name that is none */
  load: () => Promise<{ explain: (name: string | undefined, args: Args, env: Env) => void | Promise<void> }>;
};

/** By the word that comes first. A row each: its summary is shown by `explain` alone, its work is loaded when it is asked for. */
export const topics: Readonly<Record<string, Topic>> = {
  finding: {
    summary: "A finding of test mcp, by its id, such as MCP-SEC-007; all of them without one",
    load: () => import("./finding.ts"),
  },
};
