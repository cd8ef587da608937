import { dirname, join } from "node:path";
import { dataFolder } from "../../lib/xdg.ts";
import type { Env } from "../environment.ts";
import { putInPlace } from "../in-place.ts";
import page from "../manual/mcpctl.1" with { type: "text" };
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<void> {
  if (!args.has("install")) {
    env.out(page.trimEnd());
    return;
  }
  const { variables } = env;
  const data = dataFolder({ home: variables["HOME"] ?? dirname(env.home), variables });
  putInPlace(join(data, "man/man1/mcpctl.1"), page, env);
}
