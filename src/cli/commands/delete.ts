import type { Client } from "../../client/client.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { kinds } from "../../resources/index.ts";
import { Instance } from "../../resources/instance.ts";
import { Server } from "../../resources/server.ts";
import { complain } from "../complaint.ts";
import type { Env } from "../environment.ts";
import { manifestsFrom } from "../manifests.ts";
import { meantBy } from "../meant.ts";
import { usage } from "../parse.ts";
import { during } from "../progress.ts";
import { timeoutOf, untilGone } from "../readiness.ts";
import { selected, victimOf } from "../selected.ts";
import { clientFor, confirm, kindOf, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Target = { kind: AnyKind; ref: string; name: string; project?: string | undefined };

const rank = new Map<unknown, number>(kinds.map((kind, index) => [kind, index]));
/** What refers goes before what is referred to: the other way round than apply makes them. */
const inOrder = (targets: readonly Target[]): Target[] =>
  targets.toSorted((a, b) => (rank.get(b.kind) ?? 0) - (rank.get(a.kind) ?? 0));

export async function run(args: Args, env: Env): Promise<number> {
  const timeout = timeoutOf(args);
  const client = clientFor(args, env);
  const targets = inOrder(await chosen(args, env, client));
  if (targets.length === 0) {
    env.err("Nothing to delete.");
    return 0;
  }
  const shown = targets.map(({ kind, name }) => `${kind.kind}/${name}`);
  if (env.isInteractive && !args.has("yes")) await warn(targets, client, env);
  if (!(await confirm(`Delete ${listed(shown)}?`, args, env))) return 0;
  let code = 0;
  const deleted: Target[] = [];
  for (const [index, target] of targets.entries()) {
    const about = shown[index] ?? "";
    try {
      const became = await during(`Deleting ${about}`, args, env, () =>
        client.remove(target.kind, target.ref, target.project),
      );
      deleted.push(target);
      if (!args.has("quiet")) env.out(`${about} ${became ?? "deleted"}`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === "not_found" && args.has("ignore-not-found")) continue;
      // One of several is told, and the others are no worse for it.
      if (targets.length === 1 || error.code === "unavailable" || error.code === "unauthenticated") throw error;
      complain(error, env, about);
      code ||= error.exit;
    }
  }
  if (args.has("wait"))
    await untilGone(
      deleted.flatMap((target) => ending(target, client)),
      timeout,
      args,
      env,
    );
  return code;
}

async function chosen(args: Args, env: Env, client: Client): Promise<Target[]> {
  const selector = args.flags("selector").join(",");
  const isMany = selector !== "" || args.has("all");
  if (args.flags("filename").length > 0) {
    if (args.words.length > 0 || isMany) throw usage("delete", "give names, -l or -f FILE, and not several of them");
    return await fromManifests(args, env);
  }
  if (isMany) return await many(args, env, client, selector);
  if (args.words.length === 0) throw usage("delete", "give a kind and a name, or -f FILE");
  return fromWords(args);
}

function fromWords(args: Args): Target[] {
  const targets = meantBy(args.words).flatMap(({ kind, names }) => {
    const project = projectFor(kind, args, names);
    return names.map((name) => ({ kind, ref: name, name, project }));
  });
  if (targets.length === 0 || targets.some(({ name }) => name === ""))
    throw usage("delete", "which? KIND NAME…, or KIND/NAME…");
  return targets;
}

/** By labels, or all there are; of kinds that are named, so that nothing goes that nobody thought of. */
async function many(args: Args, env: Env, client: Client, selector: string): Promise<Target[]> {
  const [words = "", surplus] = args.words;
  if (words === "") throw usage("delete", "of which kind? mcpctl delete KIND -l LABELS; several with commas");
  if (surplus !== undefined) throw usage("delete", "give names, or -l or --all, and not both");
  if (args.has("all") && selector === "" && !env.isInteractive && !args.has("yes"))
    throw new Problem("invalid", "--all is not done without being asked", { hint: "add --yes" });
  const of = words.split(",").map(kindOf);
  const project = args.flag("project");
  if (selector !== "")
    return (await selected(selector, of, client, project)).map(({ id, ...rest }) => ({ ...rest, ref: id }));
  const lists = await Promise.all(
    of.map(async (kind) => {
      const within = "project" in kind.fields.properties ? project : undefined;
      return (await client.list(kind, within)).map((item) => victimOf(kind, item));
    }),
  );
  return lists.flat().map(({ id, kind, name }) => ({ kind, name, ref: id }));
}

async function fromManifests(args: Args, env: Env): Promise<Target[]> {
  const manifests = await manifestsFrom("delete", args, env);
  return manifests.map(({ kind, name, fields }) => ({
    kind,
    ref: name,
    name,
    // A manifest without a project means what is of no project, and nothing else that bears the name.
    project: typeof fields["project"] === "string" ? fields["project"] : kind.scopes && "",
  }));
}

const mostTold = 5;
const listed = (names: readonly string[], most = 20): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? ` and ${names.length - most} more` : ""}`;

/** What ends with them, as far as one may see it: tokens and prompts of a project, tokens of a user. */
async function warn(targets: readonly Target[], client: Client, env: Env): Promise<void> {
  const doomed = new Map(targets.map((target) => [`${target.kind.plural}/${target.name}`, target]));
  for (const kind of kinds as readonly AnyKind[]) {
    if (kind.references === undefined || !mayEnd.has(kind.kind)) continue;
    const items = await client.list(kind).catch((): Resource[] => []);
    const ending = items.filter((item) => kind.ended?.({ ...item }) !== true && endsWith(kind, item, doomed));
    if (ending.length > 0)
      env.err(
        printable(
          `With it: ${listed(
            ending.map(({ name }) => `${kind.kind}/${name}`),
            mostTold,
          )}`,
        ),
      );
  }
}

/** Kinds of which one ends when what it refers to does. */
const mayEnd = new Set(["mcptoken", "prompt", "promptrequest"]);

const endsWith = (kind: AnyKind, item: Resource, doomed: ReadonlyMap<string, Target>): boolean =>
  (kind.references?.(item) ?? []).some(({ plural, name, ends }) => ends === true && doomed.has(`${plural}/${name}`)) ||
  (kind.owner !== undefined && doomed.has(`users/${kind.owner(item)}`));

/** A server is gone when its last process is. */
function ending({ kind, ref, name, project }: Target, client: Client) {
  const shown = `${kind.kind}/${name}`;
  if (kind === Server)
    return [{ shown, isGone: async () => (await client.list(Instance, undefined, name)).length === 0 }];
  if (kind === Instance || kind.deleted !== undefined) return [];
  const isGone = () =>
    client.get(kind, ref, project).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Problem && error.code === "not_found") return true;
        throw error;
      },
    );
  return [{ shown, isGone }];
}
