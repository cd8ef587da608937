import { bearerOf, type Target } from "../../client/client.ts";
import { forgetLogin } from "../../client/logins.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { clientAt } from "../session.ts";
import { targetFor } from "../target.ts";
import type { Args } from "../verb.ts";

/** Forgets the login here whether or not the server can still be told. */
export async function run(args: Args, env: Env): Promise<void> {
  const target = targetFor(args, env);
  const untold = await end(target, args, env);
  const left = await forgetLogin({ home: env.home, keyring: env.keyring }, target.url);
  for (const warning of [untold, left?.message]) if (warning !== undefined) env.err(`warning: ${warning}`);
  if (!args.has("quiet")) env.out(`Logged out of ${target.url}`);
}

/** Ends it on the server; answers why it may still be accepted there. */
async function end(target: Target, args: Args, env: Env): Promise<string | undefined> {
  try {
    const isToken = (await bearerOf(target))?.startsWith("mcpctl_pat_") === true;
    if (isToken) return "a token is not ended by this: mcpctl token revoke does that";
    await clientAt(target, args, env).json("POST", "/api/v1/auth/logout");
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "unauthenticated") return undefined;
    if (error.code === "unavailable")
      return `the server could not be told, and accepts the login until it expires: ${error.message}`;
    throw error;
  }
}
