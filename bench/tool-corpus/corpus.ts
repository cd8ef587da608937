import { join } from "node:path";
import type { Shown } from "../../src/mcp/pipeline/plugin.ts";

export type CorpusTool = { name: string; title?: string; description?: string; inputSchema: Record<string, unknown> };
export type CorpusServer = { server: string; package: string; licence: string; tools: CorpusTool[] };

const file = join(import.meta.dir, "tools.jsonl");
const readme = join(import.meta.dir, "README.md");
/** Characters of a schema that are kept whole. */
const mostSchema = 8 * 1024;

/** One line a server and one a tool behind it, so that a change of one tool is a change of one line. */
export async function readCorpus(): Promise<CorpusServer[]> {
  const text = await Bun.file(file)
    .text()
    .catch(() => "");
  const servers: CorpusServer[] = [];
  for (const line of text.split("\n").filter((one) => one !== "")) {
    const entry = JSON.parse(line) as CorpusTool | Omit<CorpusServer, "tools">;
    if ("package" in entry) servers.push({ ...entry, tools: [] });
    else servers.at(-1)?.tools.push(entry);
  }
  return servers;
}

export async function writeCorpus(servers: readonly CorpusServer[]): Promise<void> {
  const lines = servers.flatMap(({ tools, ...server }) => [server, ...tools.map(kept)]);
  await Bun.write(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
  const rows = servers.map(
    ({ server, package: name, licence, tools }) => `| ${server} | ${name} | ${licence} | ${tools.length} |`,
  );
  const count = servers.reduce((sum, { tools }) => sum + tools.length, 0);
  await Bun.write(
    readme,
    `# Tools of real servers

${count} definitions of ${servers.length} servers from npm, as each server told them without any login: what the search of tools and the choice of
a list are measured on (\`bench/tool-search.ts\`, \`bench/tool-budget.ts\`). Nothing else of these packages is here; each definition is its authors',
under the licence that its package states. Schemas above ${mostSchema / 1024} KB are cut. \`bun bench/collect-tools.ts\` collects them anew.

| server | package | licence | tools |
| --- | --- | --- | ---: |
${rows.join("\n")}
`,
  );
}

function kept({ name, title, description, inputSchema }: CorpusTool): CorpusTool {
  const common = {
    name,
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
  let schema = inputSchema;
  for (let depth = 4; JSON.stringify(schema).length > mostSchema && depth > 0; depth--)
    schema = shallow(inputSchema, depth) as Record<string, unknown>;
  return { ...common, inputSchema: schema };
}

/** What lies deeper is left out, but for its type and description. */
function shallow(schema: unknown, depth: number): unknown {
  if (Array.isArray(schema)) return schema.slice(0, 20).map((one) => shallow(one, depth - 1));
  if (typeof schema !== "object" || schema === null) return schema;
  const { type, description } = schema as Record<string, unknown>;
  if (depth <= 0)
    return typeof type === "string"
      ? { type, ...(typeof description === "string" ? { description: description.slice(0, 200) } : {}) }
      : {};
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== "$defs" && key !== "definitions")
      .map(([key, value]) => [key, key === "properties" ? eachOf(value, depth) : shallow(value, depth - 1)]),
  );
}
const eachOf = (properties: unknown, depth: number) =>
  Object.fromEntries(Object.entries(properties as object).map(([key, value]) => [key, shallow(value, depth - 1)]));

/** The corpus as a project of all these servers shows it. */
export const shownCorpus = (servers: readonly CorpusServer[]): Shown[] =>
  servers.flatMap(({ server, tools }) =>
    tools.map((tool) => {
      const name = `${server}__${tool.name}`;
      return { name, server, text: JSON.stringify({ ...tool, name }) };
    }),
  );

/**
 * What somebody wants, and every tool (`server/tool`) that would do it. Queries were written before anything was tuned: `tuned` ones were looked at
 * while weights and synonyms were chosen, `held` ones were not. `after` were written when all was fixed, and changed nothing.
 */
export type Query = { query: string; tools: string[]; set: "tuned" | "held" | "after" };
export const readQueries = (): Promise<Query[]> => Bun.file(join(import.meta.dir, "../tool-queries.json")).json();

export type Recall = { at1: number; at5: number; at10: number; mrr: number };

/** How often one of the right tools is among the first; a rank counts from 1, `Infinity` when there is none. */
export function recallOf(ranks: readonly number[]): Recall {
  const share = (most: number) => ranks.filter((rank) => rank <= most).length / ranks.length;
  return {
    at1: share(1),
    at5: share(5),
    at10: share(10),
    mrr: ranks.reduce((sum, rank) => sum + 1 / rank, 0) / ranks.length,
  };
}

/** The place of the first right tool in what was found. */
export function rankOf({ tools }: Query, found: readonly { tool: Shown }[]): number {
  const at = found.findIndex(({ tool: { name, server } }) =>
    tools.includes(`${server}/${name.slice((server ?? "").length + 2)}`),
  );
  return at < 0 ? Number.POSITIVE_INFINITY : at + 1;
}
