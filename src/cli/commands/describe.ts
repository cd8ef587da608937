import type { Client } from "../../client/client.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { Instance } from "../../resources/instance.ts";
import { Prompt } from "../../resources/prompt.ts";
import { showBinding } from "../../resources/rbac.ts";
import { Server } from "../../resources/server.ts";
import { Template, type TemplateFields } from "../../resources/template.ts";
import { ToolChange } from "../../resources/tool-change.ts";
import { conditionOf, copiesBlock, toldInWords } from "../condition.ts";
import type { Env } from "../environment.ts";
import { quoted, table } from "../output.ts";
import { clientFor, kindAndNames, projectFor } from "../session.ts";
import { settlingOf } from "../settle.ts";
import { templateUsage } from "../template-usage.ts";
import type { Args } from "../verb.ts";
import { fitted } from "../wrap.ts";

const bindingsIn = (item: Resource): Record<string, unknown> =>
  item["roleBindings"] === undefined
    ? {}
    : { roleBindings: (item["roleBindings"] as Parameters<typeof showBinding>[0][]).map(showBinding) };

const more: Record<string, (item: Resource, client: Client) => Promise<Record<string, unknown>>> = {
  project: async (item, client) => {
    const changes = await client.list(ToolChange, item.name).catch(() => []);
    const prompts = await client.list(Prompt).catch(() => []);
    const waiting = changes.filter(({ state }) => state === "new" || state === "changed").map(({ name }) => name);
    return {
      endpoint: `${client.url}/projects/${item.name}/mcp`,
      ...(waiting.length === 0 ? {} : { toolChanges: waiting.slice(0, mostNamed) }),
      ...toldIn(item.name, prompts),
    };
  },
  // Told below in a form of its own.
  toolchange: async () => ({ diff: undefined }),
  rbac: async (item) => bindingsIn(item),
  mcptoken: async (item) => bindingsIn(item),
};

/** The prompts that a project's clients are given: its own, and those of every project that none of its own takes the place of. */
function toldIn(project: string, all: readonly Resource[]): { prompts?: string[] } {
  const own = all.filter((prompt) => prompt["project"] === project).map(({ name }) => name);
  const shared = all.filter((prompt) => prompt["project"] === undefined && !own.includes(prompt.name));
  const names = [...own, ...shared.map(({ name }) => `${name} (of every project)`)];
  const more = names.length - mostNamed;
  if (names.length === 0) return {};
  return { prompts: more > 0 ? [...names.slice(0, mostNamed), `and ${more} more`] : names };
}

/** Of the tools that wait for somebody to look at them; `get toolchanges` has all. */
const mostNamed = 20;

/** Who may be given rights: what they have is told with what gives it. */
const subjects = new Set(["user", "group", "serviceaccount", "mcptoken"]);

/** Everything about one resource, in blocks: what it is, what was asked for, what is observed. */
export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const [name] = names;
  if (name === undefined) throw new Problem("invalid", `which ${kind.kind}?`, { hint: `mcpctl get ${kind.plural}` });
  const client = clientFor(args, env);
  const item = await client.get(kind, name, projectFor(kind, args, names));
  const say = (text: string) => env.out(fitted(text, env.screen));
  say(describe(kind, { ...item, ...(await more[kind.kind]?.(item, client)) }));
  if ("content" in kind.fields.properties && item["content"] !== undefined) say(`Content:\n${quoted(item["content"])}`);
  if (kind === Server) say(fares(item.status ?? {}, await copiesOf(item, client), env));
  if (kind === Instance) say(fares(item, [], env));
  if (kind === Template) env.out(templateUsage(item as unknown as TemplateFields & Resource, env));
  const settling = settlingOf(kind);
  if (settling !== undefined) env.out(settling.next(item));
  if (subjects.has(kind.kind)) env.out(rightsBlock(await rightsOf(kind, item, client), env));
}

const copiesOf = async (server: Resource, client: Client): Promise<Resource[]> =>
  (await client.list(Instance).catch(() => [])).filter((instance) => instance["server"] === server.name);

/** How it fares, in words. Of a server with one copy, that says it all. */
function fares(item: Record<string, unknown>, copies: readonly Resource[], env: Env): string {
  const own = copies.length === 1 ? [] : ["Condition:", ...conditionOf(item, env).map((line) => `  ${line}`)];
  return [...own, ...copiesBlock(copies, env)].join("\n");
}

type SubjectRights = {
  subject: string;
  refused?: string;
  rights: { right: string; from: string; via?: string; asleep?: string }[];
  hidden: number;
};

const rightsOf = async (kind: AnyKind, item: Resource, client: Client): Promise<SubjectRights> =>
  (await client.json("GET", `/api/v1/${kind.plural}/${item.id}/rights`)) as SubjectRights;

function rightsBlock({ subject, refused, rights, hidden }: SubjectRights, env: Env): string {
  const sleeps = rights.some(({ asleep }) => asleep !== undefined);
  const rows = rights.map(({ right, from, via = "", asleep = "" }) => [right, from, via, ...(sleeps ? [asleep] : [])]);
  const head = ["RIGHT", "FROM", "THROUGH", ...(sleeps ? ["ASLEEP"] : [])];
  const shown = rows.length > 0 ? table(head, rows, env).split("\n") : refused === undefined ? ["none"] : [];
  const lines = [
    `Rights of ${printable(subject)}:`,
    ...(refused === undefined
      ? []
      : [`  ${rows.length === 0 ? "none" : "none of them counts now"}: ${printable(refused)}`]),
    ...shown.map((line) => `  ${line}`),
    ...(hidden === 0 ? [] : [`  and ${hidden} more, from definitions that you may not view`]),
  ];
  return lines.join("\n");
}

function describe(kind: AnyKind, { id, name, version, createdAt, updatedAt, status, ...fields }: Resource): string {
  const head = [
    ["Name", name],
    ["Kind", kind.kind],
    ["Id", id],
    ["Version", String(version)],
    ...(createdAt === epoch ? [] : [["Created", createdAt]]),
    ...(updatedAt === epoch ? [] : [["Updated", updatedAt]]),
  ].map(([label = "", value = ""]) => `${`${label}:`.padEnd(12)}${printable(value)}`);
  const own = without(fields, kind === Instance ? toldInWords : toldAsText);
  const observed = kind === Server && status !== undefined ? without(status, toldInWords) : status;
  const blocks = [
    ["Fields", own],
    ["Status", observed],
  ].flatMap(([title, value]) =>
    value === undefined || Object.keys(value).length === 0 ? [] : [`${title as string}:`, indented(value)],
  );
  return [...head, ...blocks].join("\n");
}

/** Of what comes with mcpctl. */
const epoch = new Date(0).toISOString();
/** Texts that are shown as they read, line by line. */
const toldAsText: ReadonlySet<string> = new Set(["content"]);

const without = (fields: Record<string, unknown>, names: ReadonlySet<string>) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));

const indented = (value: unknown): string =>
  toYaml(clean(value))
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");

/** Every string within, made harmless for a terminal before it is laid out. */
function clean(value: unknown): unknown {
  if (typeof value === "string") return printable(value, true);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [printable(key), clean(inner)]));
}
