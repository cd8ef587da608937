import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { type Restored, type RestoreOptions, sendBackup } from "../../client/backup.ts";
import { decrypted } from "../../lib/age.ts";
import { didYouMean } from "../../lib/nearest.ts";
import { Problem } from "../../lib/problem.ts";
import { type Strategy, strategies } from "../../resources/backup-strategy.ts";
import { bytesInWords } from "../../resources/limits.ts";
import type { Env } from "../environment.ts";
import { keysFor } from "../locks.ts";
import { formatOf } from "../output.ts";
import { during } from "../progress.ts";
import { tellRestored } from "../restored.ts";
import { clientFor, confirm } from "../session.ts";
import type { Args } from "../verb.ts";

export async function run(args: Args, env: Env): Promise<number> {
  const isJson = formatOf(args, ["table", "json"]) === "json";
  const strategy = strategyIn(args);
  const [file = ""] = args.words;
  const size = sizeOf(file);
  const keys = await keysFor(await beginningOf(file), args, env);
  const client = clientFor(args, env);
  const sent = await during("Sending the backup", args, env, (say) =>
    sendBackup(client, decrypted(createReadStream(file), keys), size, (bytes) =>
      say(`Sending the backup: ${bytesInWords(bytes)} of ${bytesInWords(size)}`),
    ),
  );
  try {
    return await putBack(sent.put, { strategy, isJson, url: client.url }, args, env);
  } finally {
    await sent.forget();
  }
}

type Put = (options: RestoreOptions) => Promise<Restored>;

/** Shown, asked, and only then done. */
export async function putBack(
  put: Put,
  { strategy, isJson, url }: { strategy: string; isJson: boolean; url: string },
  args: Args,
  env: Env,
): Promise<number> {
  const tell = (restored: Restored) =>
    isJson ? env.out(JSON.stringify(restored, null, 2)) : tellRestored(restored, env);
  const isAsked = env.isInteractive && !args.has("yes");
  if (args.has("dry-run") || isAsked) {
    const planned = await during("Checking the backup", args, env, () => put({ strategy, dryRun: true }));
    if (!isJson || args.has("dry-run")) tell(planned);
    if (args.has("dry-run") || !(await confirm(`Restore this into ${url}?`, args, env))) return 0;
  }
  const done = await during("Restoring", args, env, () => put({ strategy, dryRun: false }));
  if (isJson || (!isAsked && !args.has("quiet"))) tell(done);
  if (!isJson && !args.has("quiet")) env.out("Restored.");
  if (done.endsLogin)
    env.err(`This login has ended with its account. Log in as one of the backup: mcpctl login ${url}`);
  return 0;
}

export function strategyIn(args: Args): Strategy {
  const given = args.flag("strategy") ?? "fail";
  const strategy = strategies.find((one) => one === given);
  if (strategy !== undefined) return strategy;
  throw new Problem("invalid", `the strategy is one of ${strategies.join(", ")}.${didYouMean(given, strategies)}`, {
    hint: "mcpctl restore --help",
  });
}

function sizeOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.size;
  throw new Problem("not_found", found === undefined ? `there is no file ${file}` : `${file} is no file`, {
    hint: "mcpctl backup -o FILE makes one",
  });
}

async function beginningOf(file: string): Promise<string> {
  const handle = await open(file, "r");
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.subarray(0, bytesRead).toString("latin1");
  } finally {
    await handle.close();
  }
}
