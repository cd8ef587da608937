import { type Flags, type Verb, waiting } from "../verb.ts";

const changesOf = {
  server: { type: "string", hint: "NAME", description: "With --all: toolchanges of this server" },
  all: { type: "boolean", description: "Every change of the server that waits, as it was listed" },
  hash: { type: "string", hint: "HASH", description: "Of a toolchange: only if the definition is still this one" },
} satisfies Flags;

/** What servers say and how they fare. */
export const serverVerbs: Record<string, Verb> = {
  logs: {
    group: "Servers",
    summary: "What a server wrote to standard error, and what else it printed; of all its copies, or of one",
    words: "SERVER | server NAME | instance NAME",
    least: 1,
    most: 2,
    completes: ["<server>|server|instance|instance/<instance>", "<name>"],
    flags: {
      follow: {
        type: "boolean",
        short: "f",
        description: "Go on with what comes, also from the next run, until Ctrl-C",
      },
      since: {
        type: "string",
        hint: "TIME",
        description: "Only what came since: 30s, 10m, 12h, or an ISO 8601 instant",
      },
      tail: {
        type: "string",
        hint: "LINES",
        description: "How many of the last lines; 100, or all with --since or --previous",
      },
      previous: { type: "boolean", description: "What the run before the present one wrote: why it ended" },
      timestamps: { type: "boolean", description: "The time before each line" },
    },
    examples: [
      "mcpctl logs files --tail 20",
      "mcpctl logs files -f --since 10m --timestamps",
      "mcpctl logs server files --previous",
      "mcpctl logs instance/files-2 -f",
    ],
    load: () => import("../commands/logs.ts"),
  },
  restart: {
    group: "Servers",
    summary: "Start servers or instances anew; calls that are under way are answered first",
    words: "SERVER…",
    least: 1,
    most: 100,
    completes: ["<server>|instance/<instance>", "<server>"],
    flags: waiting("they run again"),
    examples: ["mcpctl restart files --wait", "mcpctl restart servers files web", "mcpctl restart instance/files-2"],
    load: () => import("../commands/restart.ts"),
  },
  approve: {
    group: "Servers",
    summary: "Approve tools as their servers describe them now, and prompts that were proposed; each is shown first",
    words: "toolchange|promptrequest [NAME…]",
    least: 1,
    most: 100,
    completes: ["toolchange|promptrequest", "<name>"],
    flags: {
      ...changesOf,
      replace: { type: "boolean", description: "Of a promptrequest: also in the place of a prompt of its name" },
    },
    examples: [
      "mcpctl approve toolchange files__read_file",
      "mcpctl approve toolchange files__read_file --hash 9f86d081…",
      "mcpctl approve toolchange --server files --all --yes",
      "mcpctl approve promptrequest deploys -p demo",
    ],
    load: () => import("../commands/approve.ts"),
  },
  reject: {
    group: "Servers",
    summary:
      "Reject what became of tools, which stay hidden where a project says quarantine, or prompts that were proposed",
    words: "toolchange|promptrequest [NAME…]",
    least: 1,
    most: 100,
    completes: ["toolchange|promptrequest", "<name>"],
    flags: changesOf,
    examples: ["mcpctl reject toolchange files__read_file", "mcpctl reject promptrequest deploys -p demo"],
    load: () => import("../commands/reject.ts"),
  },
  status: {
    group: "Servers",
    summary: "The whole instance in a screenful: what runs, and what does not and why",
    words: "",
    least: 0,
    most: 0,
    flags: {
      health: { type: "boolean", description: "Only whether it answers: exit code 0 or 8, nothing printed" },
      watch: { type: "boolean", short: "w", description: "Again every two seconds, until Ctrl-C" },
    },
    examples: ["mcpctl status", "mcpctl status -o json", "mcpctl status --health", "mcpctl status --watch"],
    load: () => import("../commands/status.ts"),
  },
  "log-level": {
    group: "Servers",
    summary: "Show how much mcpctl writes to its own log, or change it until the next start",
    words: "[LEVEL]",
    least: 0,
    most: 1,
    ignores: ["project"],
    completes: ["debug|info|warn|error|silent"],
    examples: ["mcpctl log-level", "mcpctl log-level debug"],
    load: () => import("../commands/log-level.ts"),
  },
};
