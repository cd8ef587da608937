import { dirname } from "node:path";
import { didYouMean } from "../../lib/nearest.ts";
import { Problem } from "../../lib/problem.ts";
import { shells } from "../completion/shells.ts";
import type { Env } from "../environment.ts";
import { putInPlace } from "../in-place.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [word = ""] = args.words;
  const shell = Object.hasOwn(shells, word) ? shells[word] : undefined;
  if (shell === undefined) {
    const known = Object.keys(shells);
    throw new Problem("invalid", `there is no completion for "${word}".${didYouMean(word, known)}`, {
      hint: `mcpctl completion ${known.join("|")}`,
    });
  }
  if (!args.has("install")) {
    env.out(shell.script.trimEnd());
    return;
  }
  const file = shell.file?.(env.variables, env.variables["HOME"] ?? dirname(env.home));
  if (file === undefined)
    throw new Problem("invalid", `${word} looks in no folder for completion`, { hint: shell.rest });
  putInPlace(file, shell.script, env);
  env.out(shell.rest);
}
