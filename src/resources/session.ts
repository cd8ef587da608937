import * as Type from "../lib/type.ts";
import { defineKind } from "./define.ts";

const fields = Type.Object({
  owner: Type.String({ description: "Whose login it is: an e-mail address or a service account" }),
  label: Type.String({ description: "How it came about: `login`, `local`, or what was said when it was made" }),
  expiresAt: Type.Optional(Type.String({ description: "ISO 8601; absent when it never expires" })),
});

export const Session = defineKind({
  kind: "session",
  plural: "sessions",
  aliases: [],
  description: "A login, ended by deleting it; made by `mcpctl login` and `mcpctl auth session`",
  verbs: ["list", "get", "delete"],
  name: Type.String({ description: "Its id", maxLength: 36 }),
  fields,
  columns: [
    { header: "OWNER", value: (s) => String(s["owner"]) },
    { header: "LABEL", value: (s) => String(s["label"]) },
    { header: "CREATED", value: (s) => s.createdAt },
    { header: "EXPIRES", value: (s) => String(s["expiresAt"] ?? "never") },
  ],
  readOnly: ["owner", "label", "expiresAt"],
  owner: (session) => session["owner"] as string,
  example: { kind: "session", name: "0199aaaa-0000-7000-8000-000000000000", owner: "ci", label: "build machine" },
});
