import type { Static } from "@sinclair/typebox";
import { isToolPattern } from "../lib/pattern.ts";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, text } from "./define.ts";
import { Binding, checkBindings, normalBindings } from "./rbac.ts";

const fields = Type.Object({
  project: Type.String({ description: "The project it opens; it opens nothing else" }),
  description: Type.Optional(text("Who uses it, and for what")),
  ttl: Type.Optional(
    Type.String({
      maxLength: 64,
      description: "How long it lives: 30d, 12h, never, or an ISO 8601 instant; the server's default when absent",
    }),
  ),
  rbac: Type.Optional(
    oneOf(["empty", "clone"], "`empty` opens the endpoint and nothing else, `clone` has all that its maker may do too"),
  ),
  roleBindings: Type.Optional(
    Type.Array(Binding, { maxItems: 1000, description: "Rights of the control API; none that its maker lacks" }),
  ),
  tools: Type.Optional(
    Type.Array(Type.String({ maxLength: 256 }), {
      minItems: 1,
      maxItems: 200,
      uniqueItems: true,
      description: "Only these tools, as SERVER/TOOL with * for any run of characters; listed and called",
    }),
  ),
  readOnly: Type.Optional(
    Type.Boolean({ description: "Only tools whose definition, as approved, says that they change nothing" }),
  ),
  force: Type.Optional(Type.Boolean({ description: "Revoke an active token of this name first" })),
  owner: Type.Optional(Type.String({ description: "Who minted it; it may never do more than this user" })),
  sha: Type.Optional(Type.String({ description: "Names it in RBAC and audit as `McpToken:<sha>`; opens nothing" })),
  parent: Type.Optional(Type.String({ description: "Id of the token that minted it; it ends with that one" })),
  successor: Type.Optional(Type.String({ description: "Id of the token that it was rotated into" })),
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
    { header: "LAST USED", value: (t) => String(t["lastUsedAt"] ?? "never") },
    { header: "EXPIRES", value: (t) => String(t["expiresAt"] ?? "never") },
    {
      header: "STATUS",
      value: (t) => (t["state"] === "active" && t["successor"] !== undefined ? "rotated" : String(t["state"])),
    },
  ],
  wide: [
    { header: "OWNER", value: (t) => String(t["owner"]) },
    { header: "SUBJECT", value: (t) => `McpToken:${String(t["sha"])}` },
    { header: "TOOLS", value: (t) => (t["tools"] as string[] | undefined)?.join(",") ?? "*" },
    { header: "READ-ONLY", value: (t) => String(t["readOnly"] ?? false) },
  ],
  formerly: { rbacMode: { field: "rbac" } },
  writeOnly: ["ttl", "force", "rbac"],
  readOnly: ["owner", "sha", "parent", "successor", "prefix", "state", "expiresAt", "revokedAt", "lastUsedAt"],
  normalize: (input, pluralOf) =>
    input["roleBindings"] === undefined
      ? input
      : { ...input, roleBindings: normalBindings(input["roleBindings"], pluralOf) },
  check: (token, pluralOf) => [
    ...checkBindings(token.roleBindings ?? [], pluralOf),
    ...(token.tools ?? []).flatMap((tool, index) =>
      isToolPattern(tool)
        ? []
        : [{ path: `/tools/${index}`, message: "a tool is named SERVER/TOOL, with * for any run of characters" }],
    ),
    ...(token.readOnly === true ? onlyViews(token.roleBindings ?? []) : []),
  ],
  references: (token) => [{ plural: "projects", name: token.project, path: "/project", ends: true }],
  ended: ({ state, successor }) => state === "revoked" || state === "expired" || typeof successor === "string",
  owner: (token) => token["owner"] as string,
  flagNames: { roleBindings: "bind" },
  example: { kind: "mcptoken", name: "vllm", project: "demo", ttl: "30d" },
});

const onlyViews = (bindings: readonly Binding[]) =>
  bindings.flatMap(({ role }, index) =>
    role === "view"
      ? []
      : [{ path: `/roleBindings/${index}/role`, message: "a read-only token is given role view only" }],
  );
