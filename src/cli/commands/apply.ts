import type { Client } from "../../client/client.ts";
import { printable } from "../../lib/printable.ts";
import { Project, type ProjectFields, serverNames } from "../../resources/project.ts";
import { Server } from "../../resources/server.ts";
import { type Telling, teller } from "../applied.ts";
import { dryRunOf } from "../dry-run.ts";
import type { Env } from "../environment.ts";
import { documentsFrom, isRead } from "../manifests.ts";
import { formatOf } from "../output.ts";
import { usage } from "../parse.ts";
import { during } from "../progress.ts";
import { timeoutOf, untilReady } from "../readiness.ts";
import { orphans } from "../selected.ts";
import { inOrder, type Placed, type Result, sendAll, sendEach, type Victim } from "../sending.ts";
import { clientFor, confirm } from "../session.ts";
import type { Args } from "../verb.ts";

const interrupted = 130;

export async function run(args: Args, env: Env): Promise<number> {
  const mode = dryRunOf(args);
  const format = formatOf(args, mode === "client" ? ["table", "json", "yaml", "name"] : ["table", "json", "name"]);
  const selector = selectorOf(args);
  const timeout = timeoutOf(args);
  if (mode !== undefined && args.has("wait")) throw usage("apply", "--wait has nothing to wait for in a dry run");
  const read = await documentsFrom("apply", args, env);
  const broken = read.flatMap(({ where, kind, name, error }) =>
    error ? [{ where, kind, name, error } as Result] : [],
  );
  const manifests = inOrder(read.filter(isRead));
  const telling = teller(args, env, format, mode);
  for (const { manifest } of read.filter(isRead))
    if (manifest.ended === true) telling.aside(`${manifest.kind.kind}/${manifest.name} has ended, skipped`);
  if (mode === "client") return telling.rehearsed(manifests, broken);
  telling.failed(broken);
  if (args.has("atomic") && broken.length > 0) {
    env.err("Nothing was applied: --atomic is all or nothing.");
    return telling.end();
  }
  const client = clientFor(args, env);
  const victims = selector === undefined ? [] : await victimsOf(selector, read.filter(isRead), broken, client, env);
  if (mode === undefined && !(await agreed(victims, args, env))) return 0;
  if (mode === "server" || args.has("atomic")) {
    const wish = { atomic: args.has("atomic"), dryRun: mode === "server", doomed: victims };
    const { results, ended } = await during("Applying", args, env, () => sendAll(manifests, wish, client));
    telling.told(results);
    telling.ended(ended);
  } else {
    const isWhole = await sendInTurn(manifests, client, args, env, telling);
    if (!isWhole) return telling.end() || interrupted;
    if (victims.length > 0) await prune(victims, client, args, env, telling);
  }
  const code = telling.end();
  if (args.has("wait") && mode === undefined) await untilReady(serversOf(telling.results), timeout, client, args, env);
  return code;
}

/** In requests of a hundred. Answers false when somebody pressed Ctrl-C: what is under way is over then, and what was done is told. */
async function sendInTurn(
  manifests: readonly Placed[],
  client: Client,
  args: Args,
  env: Env,
  telling: Telling,
): Promise<boolean> {
  let [done, isInterrupted] = [0, false];
  const release = env.onInterrupt?.(() => {
    isInterrupted = true;
  });
  const left = () => `${done} of ${manifests.length} documents were sent, the others were not; apply again to go on`;
  try {
    const batches = sendEach(manifests, client);
    for (;;) {
      const shown = `Applying ${done} of ${manifests.length}`;
      const { value: results } = await during(shown, args, env, () => batches.next());
      if (results === undefined) return true;
      telling.told(results);
      done += results.length;
      if (!isInterrupted || done >= manifests.length) continue;
      env.err(`Interrupted: ${left()}.`);
      return false;
    }
  } catch (error) {
    if (done > 0) env.err(`${left()}.`);
    throw error;
  } finally {
    release?.();
  }
}

function selectorOf(args: Args): string | undefined {
  const selector = args.flags("selector").join(",");
  if (args.has("prune") === (selector !== "")) return selector === "" ? undefined : selector;
  throw usage(
    "apply",
    args.has("prune")
      ? "--prune needs -l SELECTOR: it deletes what has these labels and is not in the files"
      : "-l goes only with --prune",
  );
}

/** What is no longer in the files. Where one of them cannot be read nobody knows what it would have kept. */
async function victimsOf(
  selector: string,
  read: Parameters<typeof inOrder>[0],
  broken: readonly Result[],
  client: Client,
  env: Env,
): Promise<Victim[]> {
  const victims = await orphans(
    selector,
    read.map(({ manifest }) => manifest),
    client,
  );
  if (broken.length === 0) return victims;
  env.err("Nothing is pruned, since not all manifests are valid.");
  return [];
}

async function agreed(victims: readonly Victim[], args: Args, env: Env): Promise<boolean> {
  if (victims.length === 0 || args.has("yes") || !env.isInteractive) return true;
  for (const { kind, name, project } of victims)
    env.err(printable(`  ${kind.kind}/${name}${project === undefined ? "" : ` of ${project}`}`));
  const them = victims.length === 1 ? "it" : `these ${victims.length}`;
  if (await confirm(`No longer in the files. Apply, and delete ${them}?`, args, env)) return true;
  env.err("Nothing was applied.");
  return false;
}

async function prune(victims: readonly Victim[], client: Client, args: Args, env: Env, telling: Telling) {
  if (telling.hasFailed()) return env.err("Nothing was pruned, since not everything was applied.");
  const { ended } = await during("Pruning", args, env, () => sendAll([], { atomic: false, doomed: victims }, client));
  telling.ended(ended);
}

/** The servers that were applied, and those of the projects that were. */
function serversOf(results: readonly Result[]): string[] {
  const names = results.flatMap(({ manifest, error }) => {
    if (error !== undefined || manifest === undefined) return [];
    if (manifest.kind === Server) return [manifest.name];
    return manifest.kind === Project ? serverNames(manifest.fields as unknown as ProjectFields) : [];
  });
  return [...new Set(names)];
}
