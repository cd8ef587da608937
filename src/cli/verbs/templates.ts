import type { Flags, Verb } from "../verb.ts";

export const sourceFlag = {
  source: {
    type: "string",
    hint: "FILE",
    completes: "<file>",
    description: "Templates of a file in the format of the MCP registry; - is standard input",
  },
} satisfies Flags;

/** Where servers come from. */
export const templateVerbs: Record<string, Verb> = {
  search: {
    group: "Servers",
    summary: "Find templates of servers by words, among those of the instance or of a registry's file",
    words: "WORDS…",
    completes: [""],
    least: 1,
    most: 20,
    flags: sourceFlag,
    examples: [
      "mcpctl search github",
      "mcpctl search issues remote -o wide",
      "mcpctl search weather --source registry.json",
      "mcpctl search weather --source registry.json -o yaml | mcpctl apply -f -",
    ],
    load: () => import("../commands/search.ts"),
  },
  import: {
    group: "Clients",
    summary: "Make servers, secrets and a project of what another client has configured",
    words: "FILE|CLIENT",
    least: 1,
    most: 1,
    flags: {
      "dry-run": {
        type: "boolean",
        description: "Show what would be made, and make nothing; with -o yaml as manifests",
      },
      only: { type: "string", multiple: true, hint: "NAME", description: "Only the server of this name" },
      prefix: { type: "string", hint: "TEXT", description: "Stands before each name" },
      force: { type: "boolean", description: "Take the place of servers and secrets of the same name" },
      "from-env": {
        type: "boolean",
        description: "Read the variables that the file refers to from this shell",
      },
      "write-to": {
        type: "string",
        hint: "FILE",
        completes: "<file>",
        description: "Write the manifests there, values of secrets included, and apply nothing",
      },
    },
    examples: [
      "mcpctl import claude-desktop",
      "mcpctl import ~/.cursor/mcp.json -p work --dry-run",
      "mcpctl import vscode --from-env --yes",
      "mcpctl import server.json --only io-github-owner-name",
      "mcpctl import codex --write-to codex.yaml",
    ],
    load: () => import("../commands/import.ts"),
  },
};
