import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import { parseDocuments } from "../../lib/yaml.ts";
import type { AnyKind } from "../../resources/define.ts";
import { changesIn } from "../changes.ts";
import type { Env } from "../environment.ts";
import { readText } from "../manifests.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { patched } from "../patched.ts";
import { kindNameAndRest } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, name, rest } = kindNameAndRest("patch", args.words);
  const format = formatOf(args);
  await patched(kind, name, await changeIn(kind, rest, args, env), { verb: "patched", format }, args, env);
}

async function changeIn(
  kind: AnyKind,
  words: readonly string[],
  args: Args,
  env: Env,
): Promise<Record<string, unknown>> {
  // kubectl's -p is the patch.
  if (args.flag("project")?.trimStart().startsWith("{") === true)
    throw usage("patch", "-p names a project; a merge patch is given with --patch JSON");
  const [text, file] = [args.flag("patch"), args.flag("patch-file")];
  const ways = [words.length > 0, text !== undefined, file !== undefined].filter(Boolean).length;
  if (ways !== 1) throw usage("patch", "give what changes, one way: KEY=VALUE…, --patch or --patch-file");
  if (words.length > 0) return changesIn(kind, words);
  const source = file === undefined ? "--patch" : file === "-" ? "standard input" : file;
  const [document, second] = parseDocuments(text ?? (await readText(file ?? "-", env)), source);
  if (second !== undefined || !isObject(document?.value))
    throw new Problem("invalid", `${source} is no merge patch: one object of fields`);
  return document.value;
}
