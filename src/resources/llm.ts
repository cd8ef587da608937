import type { Static } from "@sinclair/typebox";
import * as Type from "../lib/type.ts";
import { defineKind, Name, oneOf, text } from "./define.ts";

const fields = Type.Object({
  description: Type.Optional(text("What it is, and where it runs")),
  type: oneOf(["openai-compatible", "anthropic"], "vLLM, llama.cpp, Ollama and LM Studio are openai-compatible"),
  url: Type.String({
    pattern: "^https?://[^\\s]+$",
    maxLength: 2048,
    description: "Where it is spoken to, with or without /v1",
  }),
  model: Type.String({ minLength: 1, maxLength: 256, description: "The model's name, as its server lists it" }),
  tier: Type.Optional(
    oneOf(
      ["fast", "heavy"],
      "`fast` for summaries, titles and choosing, `heavy` for all else; where one is missing the other is asked",
    ),
  ),
  apiKey: Type.Optional(
    Type.Object(
      { secretRef: Type.Object({ name: Type.String(), key: Type.String() }) },
      { description: "Its key: {secretRef: {name, key}}" },
    ),
  ),
  contextTokens: Type.Optional(
    Type.Integer({
      minimum: 512,
      maximum: 10_000_000,
      description: "How much fits into its context; asked of its server when absent",
    }),
  ),
  timeoutSeconds: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 600, description: "How long an answer is waited for; 30" }),
  ),
  concurrency: Type.Optional(Type.Integer({ minimum: 1, maximum: 256, description: "Requests under way at once; 4" })),
  skipAuthCheck: Type.Optional(Type.Boolean({ description: "Do not ask it whether the key is good" })),
});
export type LlmFields = Static<typeof fields>;

export const LlmKind = defineKind({
  kind: "llm",
  plural: "llms",
  aliases: [],
  description: "A language model that mcpctl may ask: for summaries, titles, and what fits a task",
  verbs: ["list", "get", "create", "update", "delete"],
  name: Name,
  fields,
  columns: [
    { header: "TYPE", value: (l) => String(l["type"]) },
    { header: "MODEL", value: (l) => String(l["model"]) },
    { header: "TIER", value: (l) => String(l["tier"] ?? "") },
    { header: "STATE", value: (l) => String(l.status?.["state"] ?? "") },
    { header: "URL", value: (l) => String(l["url"]) },
  ],
  formerly: { apiKeyRef: { field: "apiKey", value: keyIn } },
  meaningless: ["poolName", "visibility", "extraConfig", "ownerId"],
  normalize: ({ type, ...rest }) => ({
    ...rest,
    ...(type === undefined ? {} : { type: type === "openai" ? "openai-compatible" : type }),
  }),
  writeOnly: ["skipAuthCheck"],
  // Whoever may change the one and view the other has the key sent to wherever they like, as with a server's headers.
  executes: ["url", "apiKey"],
  check: ({ url }) => {
    if (!URL.canParse(url)) return [{ path: "/url", message: "is not an address" }];
    const { username, password } = new URL(url);
    return username + password === "" ? [] : [{ path: "/url", message: "holds a password: that goes into apiKey" }];
  },
  references: ({ apiKey }) =>
    apiKey === undefined ? [] : [{ plural: "secrets", name: apiKey.secretRef.name, path: "/apiKey/secretRef/name" }],
  heldBy: ["projects"],
  example: {
    kind: "llm",
    name: "local",
    type: "openai-compatible",
    url: "http://127.0.0.1:8000",
    model: "qwen3-8b",
    tier: "fast",
  },
});

/** The original writes `SECRET/KEY`, or name and key. */
function keyIn(given: unknown): unknown {
  const [, name, key] = (typeof given === "string" && /^([^/]+)\/(.+)$/.exec(given)) || [];
  return name === undefined ? { secretRef: given } : { secretRef: { name, key } };
}
