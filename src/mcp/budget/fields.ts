import { parsedJson } from "../../lib/json.ts";
import type { Shown } from "../pipeline/plugin.ts";

/** Where a tool has words, and how much one counts there: `summary` is what a description says first, `about` what it says of parameters. */
export const weights = {
  name: 3,
  server: 3,
  title: 2,
  summary: 1,
  description: 0.5,
  parameters: 0.6,
  about: 0.2,
} as const;
export type Field = keyof typeof weights;

type Written = { title?: unknown; description?: unknown; inputSchema?: unknown; annotations?: { title?: unknown } };

/** Descriptions may be books; what stands far behind in one hardly says what a tool is for. */
const most = { description: 2000, about: 1500, each: 300, parameters: 60, depth: 3 };

/** The texts of a tool by where they stand. Anything that is not as a tool should be counts as nothing. */
export function fieldsOf(tool: Shown): Record<Field, string> {
  const { title, description, inputSchema, annotations } = parsed(tool.text);
  const found = { names: [] as string[], about: [] as string[] };
  gather(inputSchema, found, most.depth);
  const text = asText(description);
  return {
    name: ownName(tool),
    server: tool.server ?? "",
    title: asText(title) || asText(annotations?.title),
    summary: summaryOf(text),
    description: text,
    parameters: found.names.join(" "),
    about: found.about.join(" ").slice(0, most.about),
  };
}

/** A tool's name without that of its server. */
export const ownName = ({ name, server }: Pick<Shown, "name" | "server">): string =>
  server !== undefined && name.startsWith(`${server}__`) ? name.slice(server.length + 2) : name;

/** What a description says first is what the tool does; the rest is how to use it, and when not to. */
export const summaryOf = (description: string): string =>
  /^\s*(.{0,240}?[.!?。](?=\s|$)|[^\n]{0,240})/u.exec(description)?.[1]?.trim() ?? "";

export function parsed(text: string): Written {
  const value = parsedJson(text);
  return typeof value === "object" && value !== null ? value : {};
}

export const asText = (value: unknown): string => (typeof value === "string" ? value.slice(0, most.description) : "");

/** Names and descriptions of the properties of a schema, and of those within. */
function gather(schema: unknown, found: { names: string[]; about: string[] }, depth: number): void {
  if (typeof schema !== "object" || schema === null || depth === 0) return;
  const { properties, items } = schema as Record<string, unknown>;
  if (typeof properties === "object" && properties !== null)
    for (const [name, property] of Object.entries(properties)) {
      if (found.names.length >= most.parameters) return;
      found.names.push(name);
      const { description } = (property ?? {}) as Record<string, unknown>;
      if (typeof description === "string") found.about.push(description.slice(0, most.each));
      gather(property, found, depth - 1);
    }
  gather(items, found, depth - 1);
}
