import type { Verb } from "../verb.ts";

/** How resources of every kind are looked at. */
export const readingVerbs: Record<string, Verb> = {
  get: {
    group: "Resources",
    summary: "List resources, or show some; with -p only what is of that project, with -p '' what is of none",
    words: "KIND[,KIND…]|all [NAME…]",
    least: 1,
    most: 100,
    flags: {
      selector: {
        type: "string",
        short: "l",
        hint: "LABELS",
        description: "Only those whose labels fit: team=docs,tier!=test,keep,!old",
      },
      output: {
        type: "string",
        short: "o",
        hint: "FORMAT",
        description: "table, wide, json, yaml, name, jsonpath=TEMPLATE or custom-columns=HEADER:.path,…",
      },
      watch: { type: "boolean", short: "w", description: "Go on with what changes, until Ctrl-C" },
      "sort-by": { type: "string", hint: "FIELD", description: "In the order of a field, such as .status.tools" },
      "show-labels": { type: "boolean", description: "A column of labels" },
      "no-headers": { type: "boolean", description: "Rows alone, without what their columns are called" },
      server: { type: "string", hint: "NAME", description: "Of instances and toolchanges only those of this server" },
    },
    examples: [
      "mcpctl get servers",
      "mcpctl get projects demo -o yaml",
      "mcpctl get servers/files projects/demo",
      "mcpctl get servers,projects -l team=docs",
      "mcpctl get servers -w",
      "mcpctl get all -p demo -o yaml > demo.yaml",
      "mcpctl get servers -o jsonpath='{range .items[*]}{.name} {.status.state}{\"\\n\"}{end}'",
      "mcpctl get mcptokens -p demo -o wide",
      "mcpctl get prompts -p demo",
      "mcpctl get prompts -p mcpctl-system",
      "mcpctl get sessions",
      "mcpctl get toolchanges -p demo",
    ],
    load: () => import("../commands/get.ts"),
  },
  describe: {
    group: "Resources",
    summary: "Tell everything about a resource, and why it does not run",
    words: "KIND NAME",
    least: 1,
    most: 2,
    examples: [
      "mcpctl describe server files",
      "mcpctl describe user alice@example.com",
      "mcpctl describe mcptoken vllm -p demo",
      "mcpctl describe toolchange files__read_file",
      "mcpctl describe prompt style -p demo",
      "mcpctl describe proxymodel gate",
    ],
    load: () => import("../commands/describe.ts"),
  },
};
