import { type Static, Type } from "@sinclair/typebox";
import { defineKind, Name, oneOf, text } from "./define.ts";

/** What becomes of a tool whose definition is not as it was approved; `warn` when nothing is said (docs/decisions/0008-tool-changes.md). */
const onToolChange = oneOf(
  ["allow", "warn", "quarantine"],
  "A new or changed tool is `allow`ed, also told of (`warn`, the default), or hidden and refused until it is approved (`quarantine`)",
);

const fields = Type.Object({
  description: Type.Optional(text("What the project is for")),
  servers: Type.Array(Type.String({ description: "A server's name" }), {
    default: [],
    maxItems: 1000,
    uniqueItems: true,
    description: "The servers whose tools it offers",
  }),
  auditArguments: Type.Optional(
    Type.Boolean({ description: "Keep the arguments of calls in the audit log, without what looks like a secret" }),
  ),
  onToolChange: Type.Optional(onToolChange),
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
    { header: "SERVERS", value: (p) => (p["servers"] as string[]).join(",") },
    { header: "ENDPOINT", value: (p) => `/projects/${p.name}/mcp` },
    { header: "DESCRIPTION", value: (p) => String(p["description"] ?? "") },
  ],
  references: (project) =>
    project.servers.map((name, index) => ({ plural: "servers", name, path: `/servers/${index}` })),
  example: { kind: "project", name: "demo", servers: ["files"] },
});
