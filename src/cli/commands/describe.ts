import type { Client } from "../../client/client.ts";
import { Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import type { AnyKind, Resource } from "../../resources/define.ts";
import { showBinding } from "../../resources/rbac.ts";
import type { Env } from "../environment.ts";
import { printable } from "../printable.ts";
import { clientFor, kindAndNames, kindOf, projectFor } from "../session.ts";
import type { Args } from "../verb.ts";

const more: Record<string, (item: Resource, client: Client) => Promise<Record<string, unknown>>> = {
  server: async (item, client) => {
    const instances = await client.list(kindOf("instances")).catch(() => []);
    const own = instances.filter((instance) => instance["server"] === item.name);
    return own.length === 0 ? {} : { instances: own.map(({ id: _, version: _v, createdAt: _c, ...rest }) => rest) };
  },
  project: async (item, client) => ({ endpoint: `${client.url}/projects/${item.name}/mcp` }),
  rbac: async (item) => ({
    roleBindings: (item["roleBindings"] as Parameters<typeof showBinding>[0][]).map(showBinding),
  }),
};

/** Everything about one resource, in blocks: what it is, what was asked for, what is observed. */
export async function run(args: Args, env: Env): Promise<void> {
  const { kind, names } = kindAndNames(args.words);
  const [name] = names;
  if (name === undefined) throw new Problem("invalid", `which ${kind.kind}?`, { hint: `mcpctl get ${kind.plural}` });
  const client = clientFor(args, env);
  const item = await client.get(kind, name, projectFor(kind, args, names));
  env.out(describe(kind, { ...item, ...(await more[kind.kind]?.(item, client)) }));
}

function describe(kind: AnyKind, { id, name, version, createdAt, updatedAt, status, ...fields }: Resource): string {
  const head = [
    ["Name", name],
    ["Kind", kind.kind],
    ["Id", id],
    ["Version", String(version)],
    ["Created", createdAt],
    ["Updated", updatedAt],
  ].map(([label = "", value = ""]) => `${`${label}:`.padEnd(12)}${printable(value)}`);
  const blocks = [
    ["Fields", fields],
    ["Status", status],
  ].flatMap(([title, value]) =>
    value === undefined || Object.keys(value).length === 0 ? [] : [`${title as string}:`, indented(value)],
  );
  return [...head, ...blocks].join("\n");
}

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
