import type { Static } from "@sinclair/typebox";
import { isObject } from "../lib/object.ts";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, text } from "./define.ts";

const Stage = Type.Object({
  type: Type.String({ minLength: 1, maxLength: 63, description: "A stage's name: mcpctl get proxymodels lists them" }),
  config: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "What that stage lets one set" })),
});

const fields = Type.Object({
  description: Type.Optional(text("What it does to what a model sees")),
  stages: Type.Array(Stage, {
    default: [],
    maxItems: 20,
    description: "What each text goes through, in this order",
  }),
  extends: Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
    default: [],
    maxItems: 8,
    uniqueItems: true,
    description: "Plugins whose hooks it has besides, such as gate",
  }),
  appliesTo: Type.Array(oneOf(["toolResult", "prompt", "resource"], "a kind of content"), {
    default: ["toolResult", "prompt", "resource"],
    minItems: 1,
    uniqueItems: true,
    description: "toolResult, prompt, resource; all of them when absent",
  }),
  cacheable: Type.Boolean({
    default: true,
    description: "Whether what it makes of a content is kept for the next one who asks",
  }),
  type: Type.Optional(oneOf(["pipeline", "plugin"], "A plugin is code, a pipeline stages")),
  source: Type.Optional(oneOf(["built-in", "local", "applied"], "Of mcpctl, of a file in the data folder, or applied")),
  hooks: Type.Optional(
    Type.Array(Type.String(), { description: "The hooks of a plugin, each with the plugin it is of" }),
  ),
  fault: Type.Optional(Type.String({ description: "Why it cannot be used as it is written now" })),
});
export type ProxyModelFields = Static<typeof fields>;

/** Files of the original are enveloped (`metadata`, `spec`), and say `controller` where we say `extends`. */
function flat(input: Record<string, unknown>): Record<string, unknown> {
  const { apiVersion: _, metadata, spec, controller, ...own } = input;
  const merged = { ...(isObject(metadata) ? metadata : {}), ...(isObject(spec) ? spec : {}), ...own };
  const { controller: inner, ...rest } = merged as Record<string, unknown>;
  const named = controller ?? inner;
  return named === undefined || rest["extends"] !== undefined
    ? rest
    : { ...rest, extends: named === "none" || named === null ? [] : [named] };
}

export const ProxyModel = defineKind({
  kind: "proxymodel",
  plural: "proxymodels",
  aliases: ["pm"],
  description: "What a model sees of its tools, and what becomes of long results: stages, or a plugin",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "TYPE", value: (m) => String(m["type"]) },
    { header: "SOURCE", value: (m) => String(m["source"]) },
    {
      header: "STAGES",
      value: (m) => ((m["stages"] ?? []) as { type: string }[]).map(({ type }) => type).join(","),
    },
    { header: "EXTENDS", value: (m) => ((m["extends"] ?? []) as string[]).join(",") },
    { header: "FAULT", value: (m) => String(m["fault"] ?? "") },
  ],
  readOnly: ["type", "source", "hooks", "fault"],
  heldBy: ["projects"],
  isBuiltIn: ({ source }) => source !== "applied",
  normalize: flat,
  example: {
    kind: "proxymodel",
    name: "brief",
    extends: ["gate"],
    stages: [{ type: "redact" }, { type: "section-split", config: { over: 4000 } }, { type: "summarize-tree" }],
  },
});
