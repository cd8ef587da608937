import type { Client } from "../client/client.ts";
import { Problem } from "../lib/problem.ts";
import type { AnyKind, Resource } from "../resources/define.ts";
import { findKind, kinds } from "../resources/index.ts";
import { Project } from "../resources/project.ts";
import { Secret } from "../resources/secret.ts";
import type { Env } from "./environment.ts";
import type { Printer } from "./printing/formats.ts";
import type { Args } from "./verb.ts";

/** What can be written in a manifest and changed by one; the rest is made by mcpctl, or once and for all. */
const isDeclarative = (kind: AnyKind): boolean => kind.verbs.includes("update");

/** A project is not made of more than this. */
const most = 10_000;
const atOnce = 20;

/**
 * Everything that was applied, or all that a project is made of: itself, what it names, what those name, and what lies in it; in the order in
 * which it can be applied again. What the caller may not view is told of beside it.
 */
export async function printAll(client: Client, printer: Printer, args: Args, env: Env): Promise<void> {
  const project = args.flag("project");
  const labels = args.flag("selector");
  const found = { any: false, secrets: false };
  const hidden = new Set<string>();
  const print = (kind: AnyKind, items: readonly Resource[]) => {
    const own = items.filter((item) => kind.isBuiltIn?.(item) !== true);
    if (own.length === 0) return;
    found.any = true;
    if (kind === Secret) found.secrets = true;
    printer.add(kind, own);
  };
  if (project === undefined)
    for (const kind of kinds.filter(isDeclarative))
      await unlessHidden(kind.plural, hidden, async () => {
        for await (const items of client.parts(kind, { labels })) print(kind, items);
      });
  else {
    const parts = await partsOfProject(project, client, hidden);
    for (const kind of kinds) print(kind, parts.get(kind) ?? []);
  }
  printer.end();
  if (args.has("quiet")) return;
  if (hidden.size > 0) env.err(`Without what you may not view: ${[...hidden].join(", ")}`);
  if (!found.any) env.err("Nothing found.");
  else if (found.secrets && /^(yaml|json)/.test(args.flag("output") ?? ""))
    env.err("Secrets are told without their values, which are never given back.");
}

/** A project, what lies in it, and whatever any of that refers to. */
async function partsOfProject(
  name: string,
  client: Client,
  hidden: Set<string>,
): Promise<ReadonlyMap<AnyKind, Resource[]>> {
  const parts = new Map<AnyKind, Resource[]>();
  const seen = new Set<string>();
  const keep = (kind: AnyKind, items: readonly Resource[]) => {
    const fresh = items.filter(({ id }) => !seen.has(id));
    for (const { id } of fresh) seen.add(id);
    if (seen.size > most) throw new Problem("invalid", `project "${name}" is made of more than ${most} things`);
    parts.set(kind, [...(parts.get(kind) ?? []), ...fresh]);
    return fresh.map((item) => ({ kind, item }));
  };
  let fresh = keep(Project, [await client.get(Project, name)]);
  for (const kind of kinds.filter((one) => isDeclarative(one) && "project" in one.fields.properties))
    await unlessHidden(kind.plural, hidden, async () => {
      for await (const items of client.parts(kind, { project: name })) fresh.push(...keep(kind, items));
    });
  while (fresh.length > 0) {
    const named = fresh.flatMap(({ kind, item }) => kind.references?.(item) ?? []);
    const wanted = [...new Set(named.map(({ plural, name: ref }) => `${plural}/${ref}`))].filter(
      (one) => !seen.has(one),
    );
    fresh = [];
    for (let i = 0; i < wanted.length; i += atOnce)
      await Promise.all(
        wanted.slice(i, i + atOnce).map(async (one) => {
          seen.add(one);
          const [plural = "", ...ref] = one.split("/");
          const kind = findKind(plural);
          if (kind === undefined || !isDeclarative(kind) || kind === Project) return;
          await unlessHidden(one, hidden, async () => {
            fresh.push(...keep(kind, [await client.get(kind, ref.join("/"))]));
          });
        }),
      );
  }
  return parts;
}

async function unlessHidden(what: string, hidden: Set<string>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Problem) || (error.code !== "forbidden" && error.code !== "not_found")) throw error;
    hidden.add(what);
  }
}
