import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { brief, defineKind, Name, text } from "./define.ts";
import { systemProject } from "./system-prompts.ts";

export const mostPromptBytes = 256 * 1024;

const Chapter = Type.Object({ title: text("Its heading", 200), summary: text("What it says, in a line or two") });

const fields = Type.Object({
  project: Type.Optional(
    Type.String({
      description: "The project it is of; every project's when absent; `mcpctl-system` for mcpctl's own words",
    }),
  ),
  description: Type.Optional(text("What it tells a model, in a line")),
  content: Type.Optional(Type.String({ maxLength: mostPromptBytes, description: "The text; not beside `link`" })),
  link: Type.Optional(
    Type.String({
      pattern: "^[a-z0-9-]+/[a-z0-9-]+:.+$",
      maxLength: 2048,
      description: "PROJECT/SERVER:URI, a resource whose text it is; read with the rights of who wrote the link",
    }),
  ),
  priority: Type.Integer({
    minimum: 1,
    maximum: 10,
    default: 5,
    description: "10 is always delivered, others the sooner the higher",
  }),
  summary: Type.Optional(text("In brief; made by the project's LLM, or from its structure, when absent")),
  chapters: Type.Optional(Type.Array(Chapter, { maxItems: 100, description: "Its parts; made like the summary" })),
});
export type PromptFields = Static<typeof fields>;

/** Of mcpctl's own words: whether somebody changed them. */
const changed: Record<string, string> = { true: "default", false: "changed" };

export const Prompt = defineKind({
  kind: "prompt",
  plural: "prompts",
  aliases: [],
  description:
    "Words that a project's clients are given: by its gate when they fit the task, and as MCP prompts and resources",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "PROJECT", value: (p) => String(p["project"] ?? "*") },
    { header: "PRI", value: (p) => String(p["priority"]) },
    { header: "LINK", value: (p) => brief(p["link"], 30) },
    { header: "STATUS", value: (p) => String(p.status?.["link"] ?? changed[String(p.status?.["default"])] ?? "") },
    { header: "DESCRIPTION", value: (p) => brief(p["description"] ?? p["summary"] ?? p["content"]) },
  ],
  formerly: { linkTarget: { field: "link" } },
  meaningless: ["semver", "currentRevisionId"],
  check: ({ content, link }) =>
    (content === undefined) === (link === undefined)
      ? [{ path: content === undefined ? "/content" : "/link", message: "a prompt has either `content` or `link`" }]
      : [],
  scopes: [systemProject],
  isBuiltIn: ({ status }) => status?.["default"] === true,
  reachesAll: ({ project }) => project === undefined || project === systemProject,
  deleted: ({ project }) => (project === systemProject ? "restored to its default" : undefined),
  references: ({ project }) =>
    project === undefined || project === systemProject
      ? []
      : [{ plural: "projects", name: project, path: "/project", ends: true }],
  example: {
    kind: "prompt",
    name: "style",
    project: "demo",
    priority: 7,
    content: "# House style\n\nAnswer in short sentences, with the path of each file.",
  },
});

/** What a link says: a resource of a server, as that project has it. Undefined for what the kind does not take. */
export function linkTarget(link: string): { project: string; server: string; uri: string } | undefined {
  const [, project, server, uri] = /^([a-z0-9-]+)\/([a-z0-9-]+):(.+)$/s.exec(link) ?? [];
  return project === undefined || server === undefined || uri === undefined ? undefined : { project, server, uri };
}
