import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writePrivately } from "../../lib/credentials-file.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { shells } from "../completion/shells.ts";
import type { Env } from "../environment.ts";
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
  const isThere = existsSync(file) && readFileSync(file, "utf8") === shell.script;
  if (!isThere) write(file, shell.script);
  if (args.has("quiet")) return;
  env.out(`${isThere ? "Unchanged" : "Written"}: ${file}`);
  env.out(shell.rest);
}

function write(file: string, script: string): void {
  try {
    writePrivately(file, script);
  } catch (error) {
    throw new Problem("invalid", `${file} cannot be written: ${messageOf(error)}`, {
      hint: "print the script and put it where your shell looks",
      cause: error,
    });
  }
}
