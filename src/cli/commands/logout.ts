import { credentialsPath, targetOf } from "../../client/contexts.ts";
import { saveCredential } from "../../lib/credentials-file.ts";
import { Problem } from "../../lib/problem.ts";
import type { Env } from "../environment.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

/** Forgets the login here whether or not the server can still be told. */
export async function run(args: Args, env: Env): Promise<void> {
  const { url } = targetOf({ url: args.flag("url"), context: args.flag("context") }, env.variables, env.home);
  try {
    await clientFor(args, env).json("POST", "/api/v1/auth/logout");
  } catch (error) {
    const known = error instanceof Problem && (error.code === "unauthenticated" || error.code === "unavailable");
    if (!known) throw error;
  }
  saveCredential(credentialsPath(env.home), url, undefined);
  if (!args.has("quiet")) env.out(`Logged out of ${url}`);
}
