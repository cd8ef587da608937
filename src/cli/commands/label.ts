import { changesIn } from "../changes.ts";
import type { Env } from "../environment.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { patched } from "../patched.ts";
import { kindNameAndRest } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const { kind, name, rest } = kindNameAndRest("label", args.words);
  const format = formatOf(args);
  if (rest.length === 0) throw usage("label", "which labels? KEY=VALUE, or KEY- for one that goes");
  const change = changesIn(
    kind,
    rest.map((word) => `labels.${word}`),
  );
  await patched(kind, name, change, { verb: "labelled", format }, args, env);
}
