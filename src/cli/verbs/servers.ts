import type { Verb } from "../verb.ts";

/** What servers say and how they fare. */
export const serverVerbs: Record<string, Verb> = {
  logs: {
    group: "Servers",
    summary: "What a server wrote to standard error",
    words: "SERVER",
    least: 1,
    most: 1,
    flags: {
      tail: { type: "string", hint: "LINES", description: "How many of the last lines; 100 when absent" },
      follow: { type: "boolean", short: "f", description: "Go on with what comes, until Ctrl-C" },
    },
    examples: ["mcpctl logs files --tail 20", "mcpctl logs instance/files-1 -f"],
    load: () => import("../commands/logs.ts"),
  },
  status: {
    group: "Servers",
    summary: "Whether mcpctl answers, what runs, and what does not and why",
    words: "",
    least: 0,
    most: 0,
    flags: { health: { type: "boolean", description: "Only whether it answers: exit code 0 or 8, nothing printed" } },
    examples: ["mcpctl status"],
    load: () => import("../commands/status.ts"),
  },
};
