import type { Flags, Verb } from "../verb.ts";

const auditFilters = {
  user: { type: "string", hint: "NAME", description: "Only what this user, or a token of this user, did" },
  subject: { type: "string", hint: "SUBJECT", description: "Only this subject, such as McpToken:0123456789abcdef" },
  "token-name": { type: "string", hint: "NAME", description: "Only by tokens of this name" },
  "token-sha": { type: "string", hint: "SHA", description: "Only by this token" },
  server: { type: "string", hint: "NAME", description: "Only of this server" },
  tool: { type: "string", hint: "NAME", description: "Only of this tool, by its server's name for it" },
  resource: { type: "string", hint: "KIND/NAME", description: "Only what was done to this, such as servers/files" },
  outcome: { type: "string", hint: "OUTCOME", completes: "ok|refused|error", description: "ok, refused or error" },
  kind: {
    type: "string",
    hint: "KIND",
    completes: "login|logout|refused|change|call|notice",
    description: "login, logout, refused, change, call or notice",
  },
  since: { type: "string", hint: "TIME", description: "An ISO 8601 instant, or how long ago: 30m, 12h, 7d" },
  until: { type: "string", hint: "TIME", description: "Likewise" },
  limit: { type: "string", hint: "COUNT", description: "How many at most; 100 when absent" },
} satisfies Flags;

/** What was done, by whom. */
export const auditVerbs: Record<string, Verb> = {
  "audit events": {
    group: "Access",
    summary: "What was decided and done: logins, refusals, changes, calls; newest at the bottom",
    words: "",
    least: 0,
    most: 0,
    flags: {
      ...auditFilters,
      follow: { type: "boolean", short: "f", description: "Go on with what comes, until Ctrl-C" },
    },
    examples: [
      "mcpctl audit events --since 1h -p demo",
      "mcpctl audit events --outcome refused -f",
      "mcpctl audit events --token-name vllm --limit 1000 -o json",
    ],
    load: () => import("../commands/audit-events.ts"),
  },
  "audit sessions": {
    group: "Access",
    summary: "Who was there, by login or token and project; of the last 24 hours without --since",
    words: "",
    least: 0,
    most: 0,
    flags: auditFilters,
    examples: ["mcpctl audit sessions --since 7d"],
    load: () => import("../commands/audit-sessions.ts"),
  },
  "audit verify": {
    group: "Access",
    summary: "Check the audit log of a database, or of a copy of one, without a server; exit 1 when it was changed",
    words: "[FILE]",
    least: 0,
    most: 1,
    ignores: ["project", "context", "url", "token", "yes"],
    flags: {
      "master-key-file": { type: "string", hint: "FILE", description: "The key that heads are signed with" },
      "data-dir": { type: "string", hint: "FOLDER", description: "Where the data is; ~/.mcpctl/data when absent" },
    },
    examples: ["mcpctl audit verify", "mcpctl audit verify copy.db --master-key-file master.key"],
    load: () => import("../commands/audit-verify.ts"),
  },
};
