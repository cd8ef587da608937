import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, oneOf } from "./define.ts";

const toolChangeStates = ["new", "changed", "removed", "rejected"] as const;

const fields = Type.Object({
  server: Type.String({ description: "The server it is a tool of" }),
  tool: Type.String({ description: "The server's own name for it" }),
  declared: Type.Optional(
    Type.Array(Type.String(), { description: "It is said only to clients that declare these abilities" }),
  ),
  state: oneOf(toolChangeStates, "`removed` is only told; `rejected` stays so until the definition changes again"),
  hash: Type.String({ description: "SHA-256 of the definition that would be approved, in canonical form" }),
  approvedHash: Type.Optional(Type.String({ description: "The same of what is approved, if anything is" })),
  seenAt: Type.String({ description: "When the server first said so, ISO 8601" }),
  hidden: Type.Optional(
    Type.Array(Type.String(), { description: "Characters in it that a model reads and a person does not see" }),
  ),
  diff: Type.Optional(
    Type.Array(Type.String(), { description: "What differs, line by line; only where one is asked for by name" }),
  ),
});
export type ToolChangeFields = Static<typeof fields>;

export const ToolChange = defineKind({
  kind: "toolchange",
  plural: "toolchanges",
  aliases: ["tc"],
  description: "A tool that is not as it was approved; made by mcpctl when a server says so",
  verbs: ["list", "get"],
  name: Type.String({ description: "The tool as clients see it: server__tool", maxLength: 64 }),
  fields,
  columns: [
    { header: "SERVER", value: (c) => String(c["server"]) },
    { header: "TOOL", value: (c) => String(c["tool"]) },
    { header: "STATE", value: (c) => String(c["state"]) },
    { header: "HIDDEN", value: (c) => ((c["hidden"] ?? []) as string[]).join(",") },
    { header: "SEEN", value: (c) => String(c["seenAt"]) },
  ],
  wide: [
    { header: "DECLARED", value: (c) => ((c["declared"] ?? []) as string[]).join(",") },
    { header: "HASH", value: (c) => String(c["hash"]) },
  ],
  readOnly: Object.keys(fields.properties),
  example: {
    kind: "toolchange",
    name: "files__read_file",
    server: "files",
    tool: "read_file",
    state: "changed",
    hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    seenAt: "2027-01-31T00:00:00.000Z",
  },
});
