import type { Flags, Verb } from "../verb.ts";

const changesOf = {
  server: { type: "string", hint: "NAME", description: "With --all: of this server" },
  all: { type: "boolean", description: "Every change of the server that waits, as it was listed" },
  hash: { type: "string", hint: "HASH", description: "Only if the definition is still this one" },
} satisfies Flags;

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
  restart: {
    group: "Servers",
    summary: "Start servers or instances anew; calls that are under way are answered first",
    words: "SERVER…",
    least: 1,
    most: 100,
    examples: ["mcpctl restart files", "mcpctl restart servers files web", "mcpctl restart instance/files-2"],
    load: () => import("../commands/restart.ts"),
  },
  approve: {
    group: "Servers",
    summary: "Approve tools as their servers describe them now; refused when they changed since they were shown",
    words: "toolchange [NAME…]",
    least: 1,
    most: 100,
    flags: changesOf,
    examples: [
      "mcpctl approve toolchange files__read_file",
      "mcpctl approve toolchange files__read_file --hash 9f86d081…",
      "mcpctl approve toolchange --server files --all --yes",
    ],
    load: () => import("../commands/approve.ts"),
  },
  reject: {
    group: "Servers",
    summary: "Reject what became of tools: they wait no more, and stay hidden where a project says quarantine",
    words: "toolchange [NAME…]",
    least: 1,
    most: 100,
    flags: changesOf,
    examples: ["mcpctl reject toolchange files__read_file"],
    load: () => import("../commands/reject.ts"),
  },
  status: {
    group: "Servers",
    summary: "The whole instance in a screenful: what runs, and what does not and why",
    words: "",
    least: 0,
    most: 0,
    flags: { health: { type: "boolean", description: "Only whether it answers: exit code 0 or 8, nothing printed" } },
    examples: ["mcpctl status", "mcpctl status -o json", "mcpctl status --health && echo ready"],
    load: () => import("../commands/status.ts"),
  },
};
