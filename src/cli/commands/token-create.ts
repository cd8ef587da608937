import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import type { Args } from "../verb.ts";
import { run as create } from "./create.ts";

/** The short door to `create mcptoken`. */
export const run = (args: Args, env: Env): Promise<void> =>
  create({ ...args, words: [McpToken.kind, ...args.words] }, env);
