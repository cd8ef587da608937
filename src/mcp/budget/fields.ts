import type { Shown } from "../pipeline/plugin.ts";

/** What of a tool is searched, and how much a word there counts. */
export const weights = { name: 3, server: 1.5, title: 2, description: 1, parameters: 0.6, about: 0.2 } as const;
export type Field = keyof typeof weights;

type Written = { title?: unknown; description?: unknown; inputSchema?: unknown; annotations?: { title?: unknown } };

/** Descriptions may be books; what stands behind so many characters of one hardly says what a tool is for. */
const mostText = 4000;
const mostParameters = 100;

/** The texts of a tool by where they stand. Anything that is not as a tool should be counts as nothing. */
export function fieldsOf({ name, text, server }: Shown): Record<Field, string> {
  const { title, description, inputSchema, annotations } = parsed(text);
  const parameters: string[] = [];
  const about: string[] = [];
  gather(inputSchema, parameters, about, 3);
  const own = server !== undefined && name.startsWith(`${server}__`) ? name.slice(server.length + 2) : name;
  return {
    name: own,
    server: server ?? "",
    title: asText(title) || asText(annotations?.title),
    description: asText(description),
    parameters: parameters.join(" "),
    about: about.join(" ").slice(0, mostText),
  };
}

export function parsed(text: string): Written {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

const asText = (value: unknown): string => (typeof value === "string" ? value.slice(0, mostText) : "");

/** Names and descriptions of the properties of a schema, and of those within. */
function gather(schema: unknown, names: string[], about: string[], depth: number): void {
  if (typeof schema !== "object" || schema === null || depth === 0) return;
  const { properties, items } = schema as Record<string, unknown>;
  if (typeof properties === "object" && properties !== null)
    for (const [name, property] of Object.entries(properties)) {
      if (names.length >= mostParameters) return;
      names.push(name);
      const { description } = (property ?? {}) as Record<string, unknown>;
      if (typeof description === "string") about.push(description.slice(0, 300));
      gather(property, names, about, depth - 1);
    }
  gather(items, names, about, depth - 1);
}
