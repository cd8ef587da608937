import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
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
    const told = { ...problem.toJSON(), detail: problem.message || "something broke", exit: problem.exit };
    env.err(escaped(redact(JSON.stringify(told))));
    return problem.exit;
  }
  complain(problem, env);
  if (verbose === true && problem.cause !== undefined) env.err(`cause: ${printable(redact(messageOf(problem.cause)))}`);
  // What broke is told by the server's log, under this id.
  if (problem.requestId !== undefined && (verbose === true || problem.code === "internal"))
    env.err(`request: ${printable(redact(problem.requestId))}`);
  return problem.exit;
}

/** What a command stumbles over after an answer is most likely the answer: that of no mcpctl, or of one that speaks otherwise. */
export function misread(error: unknown, env: Env): unknown {
  const answeredBy = env.answeredBy?.();
  if (!(error instanceof TypeError) || answeredBy === undefined) return error;
  return new Problem("unavailable", `${answeredBy} answered in a shape that mcpctl ${version} does not know`, {
    hint: `curl ${answeredBy}/version tells what it is; --verbose tells what was missed`,
    cause: error,
  });
}

/** Standard error may be a terminal all the same: what JSON leaves as it is and a terminal obeys is written as JSON may write it. */
const escaped = (json: string): string =>
  json.replace(/[\p{Cc}\p{Cf}]/gu, (sign) =>
    [...Array(sign.length).keys()].map((at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, "0")}`).join(""),
  );

/** What may be taken from a command line that was not understood. */
function said(argv: readonly string[]) {
  const end = argv.indexOf("--");
  const args = end < 0 ? [...argv] : argv.slice(0, end);
  const { output, verbose } = globalFlags;
  try {
    return process
      .getBuiltinModule("node:util")
      .parseArgs({ args, options: { output, verbose }, strict: false, allowPositionals: true }).values;
  } catch {
    return {};
  }
}
