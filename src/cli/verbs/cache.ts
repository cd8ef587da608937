import type { Verb } from "../verb.ts";

/** What pipelines made and may give again. */
export const cacheVerbs: Record<string, Verb> = {
  "cache stats": {
    group: "Models",
    summary: "How much the pipeline cache holds, in all and by project, and how often it had what was asked for",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl cache stats", "mcpctl cache stats -p demo", "mcpctl cache stats -o json"],
    load: () => import("../commands/cache-stats.ts"),
  },
  "cache clear": {
    group: "Models",
    summary: "Clear the pipeline cache, or with -p what it holds of one project; results are shaped anew",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl cache clear -p demo", "mcpctl cache clear --yes"],
    load: () => import("../commands/cache-clear.ts"),
  },
};
