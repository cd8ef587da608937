import { serve } from "../../server/serve.ts";
import type { Env } from "../environment.ts";
import type { Args } from "../verb.ts";

const flags = [
  "host",
  "port",
  "data-dir",
  "cache-dir",
  "cache-mib",
  "database",
  "master-key-file",
  "config",
  "log",
  "token-default-ttl",
  "token-max-ttl",
  "audit-retention-days",
  "allowed-hosts",
  "allowed-origins",
  "oauth-issuer",
  "oauth-audience",
  "container-socket",
];

/** The one door from the command line into the server. */
export const run = (args: Args, env: Env): Promise<number> =>
  serve({
    flags: Object.fromEntries(flags.map((flag) => [flag, args.flag(flag)])),
    env: env.variables,
    out: env.out,
    err: env.errPatiently ?? env.err,
    isTerminal: () => env.isTerminal,
  });
