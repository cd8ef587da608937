import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, text } from "./define.ts";
import { projectLimits } from "./limits.ts";

/** What becomes of a tool whose definition is not as it was approved; `warn` when nothing is said (docs/decisions/0008-tool-changes.md). */
const onToolChange = oneOf(
  ["allow", "warn", "quarantine"],
  "A new or changed tool is `allow`ed, also told of (`warn`, the default), or hidden and refused until it is approved (`quarantine`)",
);
/** What every client takes for a tool's name (reference/clients.md §6.4). */
const shownNamePattern = "^[a-zA-Z][a-zA-Z0-9_-]{0,63}$";

const tool = { minProperties: 1, maxProperties: 1000 };
const patterns = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 1000, description });

const Curation = Type.Object({
  server: Type.String({ description: "A server's name" }),
  allow: Type.Optional(patterns("Only these of its tools, by its own names, with * for any run of characters")),
  deny: Type.Optional(patterns("Not these of its tools, even if they are allowed")),
  rename: Type.Optional(
    Type.Record(
      Type.String(),
      Type.String({
        pattern: shownNamePattern,
        description: "letters, digits, _ and -, a letter first, at most 64 characters",
      }),
      { ...tool, description: "Its tool's own name, and the name that is shown" },
    ),
  ),
  describe: Type.Optional(
    Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 10_000 }), {
      ...tool,
      description: "Its tool's own name, and the description that is shown",
    }),
  ),
  arguments: Type.Optional(
    Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown(), { minProperties: 1, maxProperties: 100 }), {
      ...tool,
      description: "Its tool's own name, and arguments that every call has and no client sees; no place for secrets",
    }),
  ),
  proxyModel: Type.Optional(
    Type.String({ description: "The stages that shape what it answers, in place of the project's" }),
  ),
});
/** One server of a project and what is shown of its tools. */
export type Curation = Static<typeof Curation>;

const gate = Type.Object(
  {
    promptBytes: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_048_576,
        description: "Bytes of prompts that begin_session delivers whole; 16384",
      }),
    ),
    openSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: 2_592_000,
        description: "How long it stays open for a token that began; 3600",
      }),
    ),
  },
  { description: "What the gate delivers, and how long it stays open" },
);

const fields = Type.Object({
  description: Type.Optional(text("What the project is for")),
  servers: Type.Array(
    Type.Union([Type.String(), Curation], { description: "a server's name, or {server: NAME, allow: […], …}" }),
    {
      default: [],
      maxItems: 1000,
      uniqueItems: true,
      description: "The servers whose tools it offers; a manifest may choose, rename and preset the tools of each",
    },
  ),
  toolNames: Type.Optional(
    oneOf(
      ["prefixed", "plain"],
      "`prefixed` shows tools as server__tool, `plain` by their own names as far as none clash",
    ),
  ),
  schemas: Type.Optional(
    oneOf(["asis", "inline"], "`inline` rewrites input schemas for clients that do not take all of JSON Schema"),
  ),
  auditArguments: Type.Optional(
    Type.Boolean({ description: "Keep the arguments of calls in the audit log, without what looks like a secret" }),
  ),
  onToolChange: Type.Optional(onToolChange),
  limits: Type.Optional(projectLimits),
  proxyModel: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 63,
      description: "What its clients see and when: `default`, `gate`, `content-pipeline` or another; none when absent",
    }),
  ),
  gate: Type.Optional(gate),
  llm: Type.Optional(Type.String({ description: "The LLM that its gate and stages may ask" })),
  toolBudget: Type.Optional(
    Type.String({
      pattern: "^(auto|off|[1-9][0-9]{2,6})$",
      description:
        "How many tokens its list of tools may cost before it is narrowed: a number, `auto` by the LLM's context, or `off`",
    }),
  ),
  prompt: Type.Optional(text("Instructions that clients hand to their model", 10_000)),
});
export type ProjectFields = Static<typeof fields>;

export const Project = defineKind({
  kind: "project",
  plural: "projects",
  aliases: ["proj"],
  description: "A set of servers offered as one MCP endpoint",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "READY", value: (p) => String(p.status?.["ready"] ?? "") },
    { header: "PLUGIN", value: (p) => String(p["proxyModel"] ?? "-") },
    { header: "SERVERS", value: (p) => serverNames(p as unknown as ProjectFields).join(",") },
    { header: "ENDPOINT", value: (p) => `/projects/${p.name}/mcp` },
    { header: "DESCRIPTION", value: (p) => String(p["description"] ?? "") },
  ],
  // It may be written as a number.
  normalize: ({ toolBudget, ...rest }) =>
    toolBudget === undefined
      ? rest
      : { ...rest, toolBudget: typeof toolBudget === "number" ? String(toolBudget) : toolBudget },
  formerly: {
    gated: {
      field: "proxyModel",
      schema: Type.Boolean(),
      value: (gated) => (gated === true ? "default" : "content-pipeline"),
    },
    llmProvider: { field: "llm" },
  },
  meaningless: ["proxyMode", "llmModel", "ownerId", "members"],
  check: (project) => [...servedTwice(project), ...shownTwice(project), ...tooMuchPreset(project)],
  references: (project) => [
    ...project.servers.map((entry, index) =>
      typeof entry === "string"
        ? { plural: "servers", name: entry, path: `/servers/${index}` }
        : { plural: "servers", name: entry.server, path: `/servers/${index}/server` },
    ),
    ...(project.llm === undefined ? [] : [{ plural: "llms", name: project.llm, path: "/llm" }]),
    ...modelsOf(project).map((model) => ({ plural: "proxymodels", ...model })),
  ],
  example: {
    kind: "project",
    name: "demo",
    servers: ["web", { server: "files", deny: ["write_*"], rename: { read_text_file: "read" } }],
    toolNames: "plain",
  },
});

/** The servers of a project, each with what is shown of it. */
export const serversOf = ({ servers }: Pick<ProjectFields, "servers">): Curation[] =>
  servers.map((entry) => (typeof entry === "string" ? { server: entry } : entry));

/** The proxy models that it names, and where. */
export const modelsOf = (project: Pick<ProjectFields, "proxyModel" | "servers">): { name: string; path: string }[] => [
  ...(project.proxyModel === undefined ? [] : [{ name: project.proxyModel, path: "/proxyModel" }]),
  ...serversOf(project).flatMap(({ proxyModel: name }, index) =>
    name === undefined ? [] : [{ name, path: `/servers/${index}/proxyModel` }],
  ),
];

export const serverNames = (project: Pick<ProjectFields, "servers">): string[] =>
  serversOf(project).map(({ server }) => server);

function servedTwice(project: ProjectFields) {
  const names = serverNames(project);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index ? [] : [{ path: `/servers/${index}`, message: "this server is there already" }],
  );
}

function shownTwice(project: ProjectFields) {
  const seen = new Set<string>();
  return serversOf(project).flatMap(({ rename = {} }, index) =>
    Object.entries(rename).flatMap(([own, shown]) => {
      if (!seen.has(shown)) {
        seen.add(shown);
        return [];
      }
      return [{ path: `/servers/${index}/rename/${pointer(own)}`, message: "another tool is given this name already" }];
    }),
  );
}

const mostPreset = 64 * 1024;

/** Preset arguments are sent with every call. */
const tooMuchPreset = (project: ProjectFields) =>
  serversOf(project).flatMap((curation, index) =>
    JSON.stringify(curation.arguments ?? {}).length > mostPreset
      ? [{ path: `/servers/${index}/arguments`, message: `is more than ${mostPreset} characters of JSON` }]
      : [],
  );

/** One step of a JSON pointer. */
const pointer = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1");
