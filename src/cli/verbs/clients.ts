import type { Flags, Verb } from "../verb.ts";

const setUp = {
  write: { type: "boolean", description: "Put it into the client's file; all else that is in it stays" },
  undo: { type: "boolean", description: "Take back what --write did" },
  check: { type: "boolean", description: "Make the client's own first requests, and tell which fails" },
  mint: {
    type: "boolean",
    description: "Mint a token of the project for this client, named after it and this machine",
  },
  ttl: {
    type: "string",
    hint: "TIME",
    description: "How long the minted token lives; the server's default when absent",
  },
  name: { type: "string", hint: "NAME", description: "How the client is to call it; the project's name when absent" },
  endpoint: {
    type: "string",
    hint: "URL",
    description:
      "How the client reaches mcpctl, where it is not as this terminal does: http://host.docker.internal:3200",
  },
  bridge: { type: "boolean", description: "Let the client start mcpctl mcp, in the place of a connection of its own" },
  scope: {
    type: "string",
    hint: "SCOPE",
    completes: "user|project",
    description: "user, or project for the file that lies in this folder",
  },
  file: { type: "string", hint: "FILE", description: "The client's file, where it lies elsewhere" },
  force: { type: "boolean", description: "Replace an entry, or a token, of that name that mcpctl did not make" },
  revoke: { type: "boolean", description: "Revoke the token that was minted for it, with --undo" },
  origin: { type: "string", hint: "ORIGIN", description: "Where a client that is a page comes from, with --check" },
  timeout: { type: "string", hint: "SECONDS", description: "For each step of --check; 10 when absent" },
} satisfies Flags;

/** The ids of the registry in client/clients, which is too large to be loaded for help and completion; a test compares the two. */
export const clientWords = [
  ...["claude-code", "codex", "gemini", "qwen", "opencode", "copilot-cli", "cline", "continue", "goose"],
  ...["claude-desktop", "cursor", "vscode", "lm-studio", "jan", "anythingllm"],
  ...["vllm", "agentic-api", "ogx", "responses", "open-webui", "librechat", "llama-cpp", "n8n", "mcpo"],
  ...["openai-agents", "langchain", "pydantic-ai", "smolagents", "mcp-remote", "curl"],
];

/** Programs of other people that are to use a project. */
export const clientVerbs: Record<string, Verb> = {
  config: {
    group: "Clients",
    summary: "Set a client up for a project: print what belongs into it, write it, or check what the client will meet",
    words: "[CLIENT]",
    completes: [clientWords.join("|")],
    least: 0,
    most: 1,
    flags: setUp,
    examples: [
      "mcpctl config",
      "mcpctl config claude-code -p demo --mint --write",
      "mcpctl config cursor -p demo",
      "mcpctl config codex -p demo --check",
      "mcpctl config claude-code -p demo --undo --revoke",
      "mcpctl config open-webui -p demo --mint --endpoint http://host.docker.internal:3200",
      "mcpctl config vllm -p demo --name container --token $TOKEN",
    ],
    load: () => import("../commands/config.ts"),
  },
  "config list": {
    group: "Clients",
    summary: "List the clients that can be set up, and which of them are here",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl config list", "mcpctl config list -o json"],
    load: () => import("../commands/config-list.ts"),
  },
};
