import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, text } from "./define.ts";

const fields = Type.Object({
  displayName: Type.Optional(text("How the person is called", 200)),
  disabled: Type.Optional(
    Type.Boolean({ description: "A disabled user and all that the user's tokens may do are refused" }),
  ),
  password: Type.Optional(Type.String({ minLength: 8, maxLength: 256, description: "Written, never given back" })),
});
export type UserFields = Static<typeof fields>;

export const User = defineKind({
  kind: "user",
  plural: "users",
  aliases: [],
  description: "A person, named by e-mail address",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Type.String({ pattern: "^[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,190}$", description: "E-mail address, lower case" }),
  fields,
  columns: [
    { header: "DISPLAY NAME", value: (u) => String(u["displayName"] ?? "") },
    { header: "STATUS", value: (u) => (u["disabled"] === true ? "disabled" : "active") },
  ],
  writeOnly: ["password"],
  secrets: ["password"],
  example: { kind: "user", name: "alice@example.com", displayName: "Alice" },
});
