import { parseArgs } from "node:util";
import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { complain } from "./complaint.ts";
import type { Env } from "./environment.ts";
import { globalFlags } from "./verb.ts";

/** What the shell says of a program that Ctrl-C ended. */
const interrupted = 130;

/**
 * Tells why a command line came to nothing; answers its exit code. With `-o json`, and nobody there to read, the problem is one line of JSON:
 * the last of standard error.
 */
export function report(error: unknown, argv: readonly string[], env: Env): number {
  if (error instanceof Error && error.name === "AbortError") return interrupted;
  const problem = error instanceof Problem ? error : new Problem("internal", messageOf(error));
  const { output, verbose } = said(argv);
  if (output === "json" && !env.isInteractive) {
    env.err(
      redact(JSON.stringify({ ...problem.toJSON(), detail: problem.message || "something broke", exit: problem.exit })),
    );
    return problem.exit;
  }
  complain(problem, env);
  // What broke is told by the server's log, under this id.
  if (problem.requestId !== undefined && (verbose === true || problem.code === "internal"))
    env.err(`request: ${printable(redact(problem.requestId))}`);
  return problem.exit;
}

/** What may be taken from a command line that was not understood. */
function said(argv: readonly string[]) {
  const end = argv.indexOf("--");
  const args = end < 0 ? [...argv] : argv.slice(0, end);
  const { output, verbose } = globalFlags;
  try {
    return parseArgs({ args, options: { output, verbose }, strict: false, allowPositionals: true }).values;
  } catch {
    return {};
  }
}
