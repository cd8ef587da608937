import { redact } from "../lib/log.ts";
import { printable } from "../lib/printable.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { type Env, processEnvironment } from "./environment.ts";
import { findVerb, firstWord, parseWords } from "./parse.ts";

/** Runs one command line and answers its exit code. The only place that prints an error. */
export async function run(argv: readonly string[], env: Env = processEnvironment()): Promise<number> {
  try {
    return await dispatch(argv, env);
  } catch (error) {
    return report(error, env);
  }
}

async function dispatch(argv: readonly string[], env: Env): Promise<number> {
  const words = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  if (words.length === 1 && words[0] === "version") {
    env.out((await import("../lib/version.ts")).version);
    return 0;
  }
  const { name, verb, left } = findVerb(words);
  const wantsHelp = asksForHelp(left);
  if (verb === undefined) {
    const { overview, familyHelp } = await import("./help.ts");
    const isAnswer = wantsHelp || words.length === 0;
    (isAnswer ? env.out : env.err)(name === "" ? overview(env.screen) : familyHelp(name, env.screen));
    return isAnswer ? 0 : 2;
  }
  const word = left[firstWord(left)];
  // `create --help` is asked before there is a kind.
  const flags = { ...verb.flags, ...(wantsHelp && word === undefined ? {} : await verb.flagsFor?.(word)) };
  if (wantsHelp) {
    env.out(await (await import("./help.ts")).verbHelp(name, verb, flags, word, env.screen));
    return 0;
  }
  const args = parseWords(name, verb, flags, left);
  const { run: work } = await verb.load();
  return (await work(args, env)) ?? 0;
}

/** What follows `--` is another program's, its help too. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

/** What the shell says of a program that Ctrl-C ended. */
const interrupted = 130;

function report(error: unknown, env: Env): number {
  if (error instanceof Error && error.name === "AbortError") return interrupted;
  if (!(error instanceof Problem)) {
    env.err(`error: ${printable(redact(messageOf(error)))}`);
    return 1;
  }
  env.err(
    `error: ${printable(redact(error.code === "internal" ? error.message || "something broke" : error.message))}`,
  );
  // A problem with one field may say it all in its first line.
  for (const { path, message } of (error.fields ?? []).filter(({ message }) => !error.message.endsWith(message)))
    env.err(printable(redact(`  ${path === "" ? "" : `${path}: `}${message}`)));
  if (error.hint !== undefined) env.err(`hint: ${printable(redact(error.hint))}`);
  return error.exit;
}
