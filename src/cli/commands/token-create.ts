import { Problem } from "../../lib/problem.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import { showToken } from "../token.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const project = args.flag("project");
  if (project === undefined)
    throw new Problem("invalid", "a token opens one project: which?", { hint: "mcpctl token create NAME -p PROJECT" });
  formatOf(args);
  const client = clientFor(args, env);
  const [name = ""] = args.words;
  const optional = {
    ttl: args.flag("ttl"),
    description: args.flag("description"),
    force: args.has("force") ? true : undefined,
  };
  const given = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  const { token = "", ...created } = await client.create(McpToken, { name, project, ...given });
  showToken({ ...created, token }, client.url, args, env);
}
