import type { AnyKind } from "../resources/define.ts";
import type { Env } from "./environment.ts";
import { type Format, printResources } from "./output.ts";
import { clientFor, projectFor } from "./session.ts";
import type { Args } from "./verb.ts";
import { showWarnings } from "./warnings.ts";

/** Sends a change of some fields, and tells what became of it. */
export async function patched(
  kind: AnyKind,
  name: string,
  change: Record<string, unknown>,
  told: { verb: string; format: Format },
  args: Args,
  env: Env,
): Promise<void> {
  const client = clientFor(args, env);
  const project = projectFor(kind, args, [name]);
  const before = await client.get(kind, name, project);
  const saved = await client.patch(kind, before.id, change);
  if (args.flag("output") !== undefined) printResources(kind, [saved], true, told.format, env);
  else if (!args.has("quiet"))
    env.out(`${kind.kind}/${saved.name} ${saved.version === before.version ? "unchanged" : told.verb}`);
  showWarnings(saved.status?.["warnings"], `${kind.kind}/${saved.name}`, told.format, env);
}
