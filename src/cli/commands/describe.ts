import type { Client } from "../../client/client.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { type Description, descriptions } from "../describing/kinds.ts";
import { events, usedBy, uses, whoMay } from "../describing/related.ts";
import { type About, type Described, type Section, titled } from "../describing/section.ts";
import type { Env } from "../environment.ts";
import { meantBy } from "../meant.ts";
import { humane } from "../output.ts";
import { clientFor, projectFor } from "../session.ts";
import { settlingOf } from "../settle.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

/** Everything about resources, in sections: what each is, what was asked for, how it fares, what hangs together with it, who may touch it. */
export async function run(args: Args, env: Env): Promise<void> {
  const client = clientFor(args, env);
  const targets = meantBy(args.words);
  const [first] = targets;
  const unnamed = targets.find(({ names }) => names.length === 0);
  if (first === undefined || unnamed !== undefined)
    throw new Problem("invalid", `which ${unnamed?.kind.kind}?`, { hint: `mcpctl get ${unnamed?.kind.plural}` });
  const named = targets.flatMap(({ kind, names }) =>
    names.map((name) => ({ kind, name, project: projectFor(kind, args, names) })),
  );
  // All are there, or none is told of.
  const items = await Promise.all(named.map(({ kind, name, project }) => client.get(kind, name, project)));
  for (const [index, { kind }] of named.entries()) {
    const item = items[index];
    if (item === undefined) continue;
    if (index > 0) env.out("");
    env.out(await described(kind, item, client, env));
  }
}

async function described(kind: AnyKind, item: Resource, client: Client, env: Env): Promise<string> {
  const own = descriptions[kind.kind] ?? {};
  const { id: _id, name: _name, version: _version, createdAt: _made, updatedAt: _changed, status: _, ...plain } = item;
  const [about, special] = await Promise.all([aboutOf(kind, item, client), own.fields?.(item, client)]);
  const of: Described = { kind, item, fields: { ...plain, ...special }, about, client, env };
  const sections: Section[] = [
    head,
    asked(own),
    observed(own),
    ...(own.sections ?? []),
    uses,
    usedBy,
    whoMay,
    events,
    next,
  ];
  const told = await Promise.all(sections.map((section) => section(of)));
  return told
    .filter((lines) => lines.length > 0)
    .map((lines) => fitted(lines.join("\n"), env.screen))
    .join("\n\n");
}

/** An instance of an older mcpctl tells nothing besides. */
const aboutOf = (kind: AnyKind, { id }: Resource, client: Client): Promise<About | undefined> =>
  client.json("GET", `/api/v1/${kind.plural}/${encodeURIComponent(id)}/about`).then(
    (answer) => answer as About,
    (error: unknown) => {
      if (error instanceof Problem && error.code === "not_found") return undefined;
      throw error;
    },
  );

/** Of what comes with mcpctl. */
const epoch = new Date(0).toISOString();

const head: Section = ({ kind, item, env }) => {
  const { id, name, version, createdAt, updatedAt } = item;
  const when = (at: string) => (env.isTerminal ? `${at} (${humane(at, env.now())})` : at);
  const lines = [
    ["Name", name],
    ["Kind", kind.kind],
    ["Id", id],
    ["Version", String(version)],
    ...(createdAt === epoch ? [] : [["Created", when(createdAt)]]),
    ...(updatedAt === epoch || updatedAt === createdAt ? [] : [["Updated", when(updatedAt)]]),
  ];
  return lines.map(([label = "", value = ""]) => `${`${label}:`.padEnd(12)}${printable(value)}`);
};

/** What was asked for. */
const asked =
  ({ toldInWords }: Description): Section =>
  ({ fields }) =>
    titled("Fields", asYaml(fields, toldInWords));

/** What is seen of it, as far as no section says it better. */
const observed =
  ({ toldInWords }: Description): Section =>
  ({ item: { status = {} } }) =>
    titled("Status", asYaml(status, toldInWords));

/** What to look at, and what to type then. */
const next: Section = ({ kind, item }) => {
  const settling = settlingOf(kind);
  return settling === undefined ? [] : settling.next(item).split("\n");
};

function asYaml(fields: Record<string, unknown>, without: ReadonlySet<string> = new Set()): string[] {
  const shown = Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => value !== undefined && !without.has(name)),
  );
  return Object.keys(shown).length === 0 ? [] : toYaml(clean(shown)).trimEnd().split("\n");
}

/** Every string within, made harmless for a terminal before it is laid out. */
function clean(value: unknown): unknown {
  if (typeof value === "string") return printable(value, true);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), clean(inner)]));
}
