import type { Client } from "../../client/client.ts";
import type { Resource } from "../../resources/define.ts";
import { Instance } from "../../resources/instance.ts";
import { Prompt } from "../../resources/prompt.ts";
import { showBinding } from "../../resources/rbac.ts";
import type { TemplateFields } from "../../resources/template.ts";
import { ToolChange } from "../../resources/tool-change.ts";
import { conditionOf, copiesBlock, toldInWords } from "../condition.ts";
import { quoted } from "../output.ts";
import { templateUsage } from "../template-usage.ts";
import { subjectRights } from "./rights.ts";
import { type Section, titled } from "./section.ts";

/** What a kind has that others have not. */
export type Description = {
  /** Fields that are written otherwise than they are kept, and some that are none; undefined leaves one out. */
  fields?: (item: Resource, client: Client) => Record<string, unknown> | Promise<Record<string, unknown>>;
  /** Fields and observations that a section tells in words. */
  toldInWords?: ReadonlySet<string>;
  sections?: readonly Section[];
};

const condition: Section = ({ item, env }) => titled("Condition", conditionOf(item, env));

/** A server's condition is that of its copies; where there is one of them, that says it all. */
const copies: Section = async ({ item, client, env }) => {
  const all = await client.list(Instance, undefined, item.name).catch(() => []);
  const own = all.length === 1 ? [] : titled("Condition", conditionOf(item.status ?? {}, env));
  const each = copiesBlock(all, env);
  return own.length > 0 && each.length > 0 ? [...own, "", ...each] : [...own, ...each];
};

/** Texts that are shown as they read, line by line. */
const content: Section = ({ item }) =>
  item["content"] === undefined ? [] : ["Content:", ...quoted(item["content"]).split("\n")];

/** How a server is made of it. */
const usage: Section = ({ item, env }) => templateUsage(item as unknown as TemplateFields & Resource, env).split("\n");

const withBindings = (item: Resource) =>
  item["roleBindings"] === undefined
    ? {}
    : { roleBindings: (item["roleBindings"] as Parameters<typeof showBinding>[0][]).map(showBinding) };

/** So many of a sort are named; `get` has all. */
const mostNamed = 20;

/** The prompts that a project's clients are given: its own, and those of every project that none of its own takes the place of. */
function promptsIn(project: string, all: readonly Resource[]): { prompts?: string[] } {
  const own = all.filter((prompt) => prompt["project"] === project).map(({ name }) => name);
  const shared = all.filter((prompt) => prompt["project"] === undefined && !own.includes(prompt.name));
  const names = [...own, ...shared.map(({ name }) => `${name} (of every project)`)];
  const more = names.length - mostNamed;
  if (names.length === 0) return {};
  return { prompts: more > 0 ? [...names.slice(0, mostNamed), `and ${more} more`] : names };
}

async function ofProject({ name }: Resource, client: Client): Promise<Record<string, unknown>> {
  const [changes, prompts] = await Promise.all([
    client.list(ToolChange, name).catch(() => []),
    client.list(Prompt).catch(() => []),
  ]);
  const waiting = changes.filter(({ state }) => state === "new" || state === "changed").map((change) => change.name);
  return {
    endpoint: `${client.url}/projects/${name}/mcp`,
    ...(waiting.length === 0 ? {} : { toolChanges: waiting.slice(0, mostNamed) }),
    ...promptsIn(name, prompts),
  };
}

const subject: Description = { sections: [subjectRights] };
const written: Description = { toldInWords: new Set(["content"]), sections: [content] };

/** The kinds that have something of their own to tell. */
export const descriptions: Readonly<Record<string, Description>> = {
  server: { toldInWords, sections: [copies] },
  instance: { toldInWords, sections: [condition] },
  project: { fields: ofProject },
  // Told at the end, in a form of its own.
  toolchange: { fields: () => ({ diff: undefined }) },
  prompt: written,
  promptrequest: written,
  rbac: { fields: withBindings },
  template: { sections: [usage] },
  user: subject,
  group: subject,
  serviceaccount: subject,
  mcptoken: { ...subject, fields: withBindings },
};
