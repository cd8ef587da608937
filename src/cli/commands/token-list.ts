import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import { formatOf, printResources } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args);
  printResources(McpToken, await clientFor(args, env).list(McpToken, args.flag("project")), false, format, env);
}
