import type { Exchange } from "../client/client.ts";
import { differs } from "../client/skew.ts";
import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import { version } from "../lib/version.ts";
import type { Env } from "./environment.ts";
import type { Args } from "./verb.ts";

/** What is told of the requests of a command line: each with --verbose, and once that the server is of another version. */
export function witness(args: Args, env: Env): (exchange: Exchange) => void {
  let isTold = args.has("quiet");
  return (exchange) => {
    if (args.has("verbose")) env.err(told(exchange));
    if (isTold || exchange.version === undefined || !differs(version, exchange.version)) return;
    isTold = true;
    env.err(`warning: this is mcpctl ${version}, the server is ${printable(exchange.version).slice(0, 40)}`);
  };
}

/** Paths hold names, and people paste tokens where names belong. */
function told({ method, path, status, ms, requestId }: Exchange): string {
  const answer = status === undefined ? "no answer" : String(status);
  const id = requestId === undefined ? "" : ` (request ${requestId})`;
  return printable(redact(`${method} ${path} → ${answer} in ${ms} ms${id}`));
}
