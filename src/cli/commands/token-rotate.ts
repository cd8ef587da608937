import type { Resource } from "../../resources/define.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { clientFor, projectFor } from "../session.ts";
import { showToken } from "../token.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  formatOf(args);
  const [ref = ""] = args.words;
  const project = projectFor(McpToken, args, [ref]);
  const [overlap, ttl] = [args.flag("overlap"), args.flag("ttl")];
  const client = clientFor(args, env);
  const rotated = await client.act(McpToken, ref, "rotate", project, {
    ...(overlap === undefined ? {} : { overlap }),
    ...(ttl === undefined ? {} : { ttl }),
  });
  showToken(rotated as Resource & { token: string }, client.url, args, env);
  if (args.has("quiet") || args.flag("output") !== undefined) return;
  env.out(
    overlap === undefined
      ? "The old token is refused from now on."
      : `The old token is accepted for another ${overlap}.`,
  );
}
