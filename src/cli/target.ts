import { bearerOf, type Target } from "../client/client.ts";
import { type Choice, contextOf, targetOf } from "../client/target.ts";
import type { Env } from "./environment.ts";
import type { Args } from "./verb.ts";

/**
 * Where the instance of a command line is, and what it is shown; `instead` stands in the place of its flags. That nobody checks a certificate
 * is said each time.
 */
export function targetFor(args: Args, env: Env, instead: Choice = {}): Target {
  const target = found(args, env, instead);
  if (target.tls?.rejectUnauthorized === false)
    env.err(`warning: the certificate of ${target.url} is not checked: whoever stands between can read and change all`);
  return target;
}

/** What it is shown, looked for anew: somebody may have logged in meanwhile. */
export const bearerFor = (args: Args, env: Env): Promise<string | undefined> => bearerOf(found(args, env));

const found = (args: Args, env: Env, instead: Choice = {}): Target =>
  targetOf({ ...choiceFrom(args), ...instead }, env.variables, env.home, env.keyring);

const choiceFrom = (args: Args): Choice => ({
  url: args.flag("url"),
  token: args.flag("token"),
  context: args.flag("context"),
  ca: args.flag("ca"),
  insecure: args.has("insecure-skip-verify"),
});

/** The project of the context that a command line means. */
export function standingProject(args: Args, env: Env): string | undefined {
  const { project, url } = contextOf(choiceFrom(args), env.variables, env.home);
  if (project !== undefined && args.has("verbose")) env.err(`project ${project}: that of the context for ${url}`);
  return project;
}
