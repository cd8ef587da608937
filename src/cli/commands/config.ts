import { askedOf } from "../clients/asked.ts";
import type { Env } from "../environment.ts";
import type { Args } from "../verb.ts";

/** One client: what belongs into it, or what is done with it. Without one, the list. */
export async function run(args: Args, env: Env): Promise<number | undefined> {
  if (args.words.length === 0) {
    await (await import("./config-list.ts")).run(args, env);
    return undefined;
  }
  const asked = askedOf(args, env);
  if (args.has("check")) return await (await import("../clients/check.ts")).check(asked, args, env);
  if (args.has("write")) await (await import("../clients/write.ts")).write(asked, args, env);
  else if (args.has("undo")) await (await import("../clients/undo.ts")).undo(asked, args, env);
  else await (await import("../clients/snippet.ts")).snippet(asked, args, env);
  return undefined;
}
