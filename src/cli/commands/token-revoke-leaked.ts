import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { anonymousAt } from "../session.ts";
import { targetFor } from "../target.ts";
import type { Args } from "../verb.ts";

/** Anybody may, without a login: the request carries nothing but what was found. */
export async function run(args: Args, env: Env): Promise<void> {
  // Every user of a machine sees the arguments of every process.
  if (args.words.length > 0 || args.flag("token") !== undefined)
    throw new Problem("invalid", "a token is not given on the command line, where others can read it", {
      hint: "mcpctl token revoke-leaked, and paste it when asked; or mcpctl token revoke-leaked < FILE",
    });
  const target = targetFor(args, env);
  const token = (env.isInteractive ? await env.ask("The leaked token: ", true) : await env.readInput()).trim();
  if (token === "") throw new Problem("invalid", "no token was given", { hint: "mcpctl token revoke-leaked < FILE" });
  await anonymousAt(target, args, env).json("POST", "/api/v1/mcptokens/revoke-leaked", { token });
  if (args.has("quiet")) return;
  env.out(`Reported to ${target.url}: if it was an active token there, it is revoked now.`);
  env.out("Whether it was is told to nobody but its owner: mcpctl token list");
}
