import { type Static, Type } from "@sinclair/typebox";
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
});
/** One server of a project and what is shown of its tools. */
export type Curation = Static<typeof Curation>;

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
    { header: "SERVERS", value: (p) => serverNames(p as unknown as ProjectFields).join(",") },
    { header: "ENDPOINT", value: (p) => `/projects/${p.name}/mcp` },
    { header: "DESCRIPTION", value: (p) => String(p["description"] ?? "") },
  ],
  check: (project) => [...servedTwice(project), ...shownTwice(project), ...tooMuchPreset(project)],
  references: (project) =>
    project.servers.map((entry, index) =>
      typeof entry === "string"
        ? { plural: "servers", name: entry, path: `/servers/${index}` }
        : { plural: "servers", name: entry.server, path: `/servers/${index}/server` },
    ),
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
