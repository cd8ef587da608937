import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import { clientFor, confirm, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<number> {
  const [ref = ""] = args.words;
  const project = projectFor(McpToken, args, [ref]);
  if (!(await confirm(`Revoke token "${ref}" for good?`, args, env))) return 0;
  await clientFor(args, env).act(McpToken, ref, "revoke", project);
  if (!args.has("quiet")) env.out(`mcptoken/${ref} revoked`);
  return 0;
}
