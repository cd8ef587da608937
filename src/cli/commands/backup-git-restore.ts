import type { Restored } from "../../client/backup.ts";
import type { Env } from "../environment.ts";
import { identitiesFrom } from "../locks.ts";
import { formatOf } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";
import { putBack, strategyIn } from "./restore.ts";

const longMs = 3_600_000;

export async function run(args: Args, env: Env): Promise<number> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const strategy = strategyIn(args);
  const identities = args.flag("identity-file") === undefined ? [] : await identitiesFrom(args, env);
  const client = clientFor(args, env);
  // What is shown is what is then put back, whatever is committed in between.
  let commit = args.words[0];
  const put = async (options: { strategy: string; dryRun: boolean }) => {
    const body = { ...options, ...(commit === undefined ? {} : { commit }), identities };
    const response = await client.send("POST", "/api/v1/backup/git/restore", body, {
      signal: AbortSignal.timeout(longMs),
    });
    const restored = (await response.json()) as Restored & { commit: string; sealedOut: number };
    commit = restored.commit;
    if (restored.sealedOut > 0 && options.dryRun !== true)
      env.err(
        `${restored.sealedOut} sealed files stayed out: without --identity-file secrets have no values, users no password, and tokens are gone.`,
      );
    return restored;
  };
  return await putBack(put, { strategy, isJson, url: client.url }, args, env);
}
