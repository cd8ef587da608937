import { type Static, Type } from "@sinclair/typebox";
import { defineKind, Name, oneOf, text } from "./define.ts";

const fields = Type.Object({
  project: Type.String({ description: "The project it opens; it opens nothing else" }),
  description: Type.Optional(text("Who uses it, and for what")),
  ttl: Type.Optional(
    Type.String({
      maxLength: 64,
      description: "How long it lives: 30d, 12h, never, or an ISO 8601 instant; 90d when absent",
    }),
  ),
  force: Type.Optional(Type.Boolean({ description: "Revoke an active token of this name first" })),
  owner: Type.Optional(Type.String({ description: "Who minted it; it may never do more than this user" })),
  prefix: Type.Optional(Type.String({ description: "Its first characters, to recognise it by" })),
  state: Type.Optional(oneOf(["active", "expired", "revoked"], "Whether it is accepted")),
  expiresAt: Type.Optional(Type.String({ description: "ISO 8601; absent when it never expires" })),
  revokedAt: Type.Optional(Type.String({ description: "ISO 8601" })),
  lastUsedAt: Type.Optional(Type.String({ description: "ISO 8601, exact to the minute" })),
});
export type McpTokenFields = Static<typeof fields>;

export const McpToken = defineKind({
  kind: "mcptoken",
  plural: "mcptokens",
  aliases: ["token", "tokens"],
  description: "A bearer that opens one project's MCP endpoint",
  verbs: ["list", "get", "create", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "PROJECT", value: (t) => String(t["project"]) },
    { header: "PREFIX", value: (t) => String(t["prefix"]) },
    { header: "CREATED", value: (t) => t.createdAt },
    { header: "LAST-USED", value: (t) => String(t["lastUsedAt"] ?? "never") },
    { header: "EXPIRES", value: (t) => String(t["expiresAt"] ?? "never") },
    { header: "STATUS", value: (t) => String(t["state"]) },
  ],
  writeOnly: ["ttl", "force"],
  readOnly: ["owner", "prefix", "state", "expiresAt", "revokedAt", "lastUsedAt"],
  references: (token) => [{ plural: "projects", name: token.project, path: "/project" }],
  example: { kind: "mcptoken", name: "vllm", project: "demo", ttl: "30d" },
});
