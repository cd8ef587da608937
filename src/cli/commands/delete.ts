import type { AnyKind } from "../../resources/define.ts";
import { kinds } from "../../resources/index.ts";
import type { Env } from "../environment.ts";
import { manifestsFrom } from "../manifests.ts";
import { usage } from "../parse.ts";
import { clientFor, confirm, kindAndNames, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Victim = { kind: AnyKind; name: string; project: string | undefined };

export async function run(args: Args, env: Env): Promise<number> {
  const victims = args.flags("filename").length > 0 ? await fromManifests(args, env) : fromWords(args);
  const shown = victims.map(({ kind, name }) => `${kind.kind}/${name}`);
  if (!(await confirm(`Delete ${shown.join(", ")}?`, args, env))) return 0;
  const client = clientFor(args, env);
  for (const [index, { kind, name, project }] of victims.entries()) {
    const became = await client.remove(kind, name, project);
    if (!args.has("quiet")) env.out(`${shown[index]} ${became ?? "deleted"}`);
  }
  return 0;
}

function fromWords(args: Args): Victim[] {
  if (args.words.length === 0) throw usage("delete", "give a kind and a name, or -f FILE");
  const { kind, names } = kindAndNames(args.words);
  if (names.length === 0) throw usage("delete", `which ${kind.kind}?`);
  const project = projectFor(kind, args, names);
  return names.map((name) => ({ kind, name, project }));
}

/** What refers goes before what is referred to: the other way round than apply makes them. */
async function fromManifests(args: Args, env: Env): Promise<Victim[]> {
  const manifests = await manifestsFrom("delete", args, env);
  const rank = new Map<unknown, number>(kinds.map((kind, index) => [kind, index]));
  return manifests
    .map(({ kind, name, fields }) => ({
      kind,
      name,
      // A manifest without a project means what is of no project, and nothing else that bears the name.
      project: typeof fields["project"] === "string" ? fields["project"] : kind.scopes && "",
    }))
    .toSorted((a, b) => (rank.get(b.kind) ?? 0) - (rank.get(a.kind) ?? 0));
}
