import type { Verb } from "../verb.ts";

/** For clients that know nothing but standard input and output. */
export const bridgeVerbs: Record<string, Verb> = {
  mcp: {
    group: "Clients",
    summary: "Speak MCP over standard input and output for a client that starts a command; -p names the project",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl mcp -p demo", "MCPCTL_URL=http://nas.local:3200 MCPCTL_TOKEN=mcpctl_pat_… mcpctl mcp"],
    load: () => import("../commands/mcp.ts"),
  },
};
