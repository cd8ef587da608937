import type { Verb } from "../verb.ts";

/** What is done with proxy models besides making and changing them. */
export const proxyModelVerbs: Record<string, Verb> = {
  "proxymodel try": {
    group: "Models",
    summary: "Bring a file through a proxy model, and see what each stage makes of it; -p for that project's llm",
    words: "NAME",
    least: 1,
    most: 1,
    completes: ["<proxymodel>"],
    flags: {
      input: { type: "string", short: "i", hint: "FILE", description: "What to try it on; - is standard input" },
      type: {
        type: "string",
        hint: "TYPE",
        completes: "toolResult|prompt|resource",
        description: "toolResult, prompt or resource; toolResult when absent",
      },
      source: { type: "string", hint: "NAME", description: "What it is said to come from, such as files/read" },
      full: { type: "boolean", description: "Print all of the shaped text, and not its beginning" },
    },
    examples: [
      "mcpctl proxymodel try subindex --input README.md",
      "mcpctl proxymodel try default -i - -p demo -o json < result.txt",
    ],
    load: () => import("../commands/proxymodel-try.ts"),
  },
  "proxymodel stages": {
    group: "Models",
    summary: "Every stage that a pipeline may name, and what each lets one set",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl proxymodel stages", "mcpctl proxymodel stages -o json"],
    load: () => import("../commands/proxymodel-stages.ts"),
  },
};
