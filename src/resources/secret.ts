import * as Type from "../lib/type.ts";
import { defineKind, Name, text } from "./define.ts";

const fields = Type.Object({
  description: Type.Optional(text("What the secret opens")),
  data: Type.Optional(
    Type.Record(Type.String({ pattern: "^[A-Za-z0-9._-]{1,128}$" }), Type.String({ maxLength: 65_536 }), {
      description: "Keys and values; written, never given back",
      maxProperties: 64,
    }),
  ),
  keys: Type.Optional(Type.Array(Type.String(), { description: "The names of its keys" })),
});

export const Secret = defineKind({
  kind: "secret",
  plural: "secrets",
  aliases: [],
  description: "Named values for servers; kept encrypted, never readable back",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "KEYS", value: (s) => ((s["keys"] as string[] | undefined) ?? []).join(",") },
    { header: "DESCRIPTION", value: (s) => String(s["description"] ?? "") },
  ],
  meaningless: ["backendId", "externalRef"],
  writeOnly: ["data"],
  secrets: ["data"],
  readOnly: ["keys"],
  heldBy: ["servers", "llms"],
  example: { kind: "secret", name: "vault", data: { token: "s3cret" } },
});
