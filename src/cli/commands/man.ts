import { dirname, join } from "node:path";
import type { Env } from "../environment.ts";
import { putInPlace } from "../in-place.ts";
import page from "../manual/mcpctl.1" with { type: "text" };
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  if (!args.has("install")) {
    env.out(page.trimEnd());
    return;
  }
  const { XDG_DATA_HOME, HOME } = env.variables;
  const data = XDG_DATA_HOME ?? join(HOME ?? dirname(env.home), ".local/share");
  putInPlace(join(data, "man/man1/mcpctl.1"), page, env);
}
