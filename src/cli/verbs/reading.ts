import type { Verb } from "../verb.ts";
import { sourceFlag } from "./templates.ts";

/** How resources of every kind are looked at. */
export const readingVerbs: Record<string, Verb> = {
  get: {
    group: "Resources",
    summary: "List resources, or show some; with -p only what is of that project, with -p '' what is of none",
    words: "KIND [NAME…]",
    least: 1,
    most: 100,
    flags: {
      server: { type: "string", hint: "NAME", description: "Of instances and toolchanges only those of this server" },
      ...sourceFlag,
    },
    examples: [
      "mcpctl get servers",
      "mcpctl get projects demo -o yaml",
      "mcpctl get servers/files",
      "mcpctl get mcptokens -p demo -o wide",
      "mcpctl get prompts -p demo",
      "mcpctl get prompts -p mcpctl-system",
      "mcpctl get sessions",
      "mcpctl get toolchanges -p demo",
      "mcpctl get templates --source registry.json",
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
