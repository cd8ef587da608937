import type { Flags, Verb } from "../verb.ts";

export const sourceFlag = {
  source: {
    type: "string",
    hint: "FILE",
    description: "Templates of a file in the format of the MCP registry; - is standard input",
  },
} satisfies Flags;

/** Where servers come from. */
export const templateVerbs: Record<string, Verb> = {
  search: {
    group: "Servers",
    summary: "Find templates of servers by words, among those of the instance or of a registry's file",
    words: "WORDS…",
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
};
