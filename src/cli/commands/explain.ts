import type { Env } from "../environment.ts";
import { explainKind, overview } from "../explaining/kind.ts";
import { usage } from "../parse.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  const [word, more] = args.words;
  if (more !== undefined) throw usage("explain", `fields are written with dots: mcpctl explain ${word}.${more}`);
  if (word === undefined) env.out(overview(env));
  else explainKind(word, args, env);
}
