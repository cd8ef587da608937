import { parseArgs } from "node:util";
import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import { messageOf, Problem } from "../lib/problem.ts";
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
  const clean = (text: string) => printable(redact(text));
  // Our own failures have no detail for strangers; here is nobody but us.
  const message = problem.message || "something broke";
  if (output === "json" && !env.isInteractive) {
    env.err(redact(JSON.stringify({ ...problem.toJSON(), detail: message, exit: problem.exit })));
    return problem.exit;
  }
  env.err(`error: ${clean(message)}`);
  // A problem with one field may say it all in its first line.
  for (const { path, message } of (problem.fields ?? []).filter((field) => !problem.message.endsWith(field.message)))
    env.err(clean(`  ${path === "" ? "" : `${path}: `}${message}`));
  if (problem.hint !== undefined) env.err(`hint: ${clean(problem.hint)}`);
  // What broke is told by the server's log, under this id.
  if (problem.requestId !== undefined && (verbose === true || problem.code === "internal"))
    env.err(`request: ${clean(problem.requestId)}`);
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
