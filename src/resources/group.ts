import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, Name, text } from "./define.ts";

const fields = Type.Object({
  description: Type.Optional(text("Who belongs to it, and why")),
  members: Type.Array(Type.String({ maxLength: 256, description: "A user's e-mail address or a service account" }), {
    default: [],
    maxItems: 10_000,
    uniqueItems: true,
    description: "Users by e-mail address and service accounts by name; each has every right of the group",
  }),
});
export type GroupFields = Static<typeof fields>;

export const Group = defineKind({
  kind: "group",
  plural: "groups",
  aliases: [],
  description: "Users and service accounts who are given rights together",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "MEMBERS", value: (g) => (g["members"] as string[]).join(",") },
    { header: "DESCRIPTION", value: (g) => String(g["description"] ?? "") },
  ],
  references: (group) =>
    group.members.map((name, index) => ({ plural: principalKind(name), name, path: `/members/${index}`, ends: true })),
  heldBy: ["rbac"],
  example: { kind: "group", name: "docs-team", members: ["alice@example.com"] },
});

/** Addresses hold an `@`, names of service accounts never do. */
export const principalKind = (name: string): "users" | "serviceaccounts" =>
  name.includes("@") ? "users" : "serviceaccounts";
