import * as Type from "../lib/type.ts";
import { defineKind, Name, text } from "./define.ts";

const fields = Type.Object({
  description: Type.Optional(text("Which program it is, and who looks after it")),
  disabled: Type.Optional(
    Type.Boolean({ description: "A disabled account and all that its tokens may do are refused" }),
  ),
});

export const ServiceAccount = defineKind({
  kind: "serviceaccount",
  plural: "serviceaccounts",
  aliases: ["sa"],
  description: "A program that logs in by a session of its own, without a password",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "STATUS", value: (a) => (a["disabled"] === true ? "disabled" : "active") },
    { header: "DESCRIPTION", value: (a) => String(a["description"] ?? "") },
  ],
  example: { kind: "serviceaccount", name: "ci", description: "The build machine" },
});
