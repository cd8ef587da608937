import { readConfig } from "../client/contexts.ts";
import { type Env, processEnvironment } from "./environment.ts";
import { guarded } from "./guarded.ts";
import { findVerb, firstWord, parseWords } from "./parse.ts";
import { isColoured, loadColours } from "./printing/colour.ts";
import { misread, report } from "./report.ts";
import { standingProject } from "./target.ts";

/** Runs one command line and answers its exit code. The only place that prints an error. */
export async function run(argv: readonly string[], env: Env = processEnvironment()): Promise<number> {
  const own = guarded(env);
  try {
    return await dispatch(argv, own);
  } catch (error) {
    return report(misread(error, own), argv, own);
  }
}

/** A file of settings that makes no sense is told by whoever needs it; `mcpctl config path` is not one. */
function withTaste(env: Env): void {
  try {
    if (readConfig(env.home).settings.colour === "never") env.variables["NO_COLOR"] ??= "1";
  } catch {
    // A file that makes no sense says nothing about colours; who needs more of it says what is wrong.
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
  withTaste(env);
  if (isColoured(env)) await loadColours();
  const { run: work } = await verb.load();
  return (await work({ ...args, standingProject: () => standingProject(args, env) }, env)) ?? 0;
}

/** What follows `--` is another program's, its help too. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return (end < 0 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
}
