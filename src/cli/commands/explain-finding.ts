import type { Env } from "../environment.ts";
import { explain } from "../explaining/finding.ts";
import type { Args } from "../verb.ts";

export function run(args: Args, env: Env): Promise<void> {
  return Promise.resolve(explain(args.words[0], args, env));
}
