import type { Flags, Verb } from "../verb.ts";

const asSubject = {
  as: {
    type: "string",
    hint: "SUBJECT",
    completes: "User:<user>|Group:<group>|ServiceAccount:<serviceaccount>",
    description: "User:ADDRESS, Group:NAME, ServiceAccount:NAME or McpToken:SHA",
  },
} satisfies Flags;
const question = {
  words: "VERB KIND[/NAME] | ACTION",
  least: 1,
  most: 3,
  completes: [
    "view|create|edit|update|delete|run|servers-execute|logs|audit-read|backup|restore|impersonate",
    "<kind list>",
    "<name>",
  ],
  flags: asSubject,
} as const;

/** Who may do what. */
export const accessVerbs: Record<string, Verb> = {
  "token create": {
    group: "Access",
    summary: "Mint a token for a project; it is shown this once",
    words: "NAME",
    least: 1,
    most: 1,
    completes: [""],
    flagsFor: async () => (await import("../kind-flags.ts")).flagsOfKind("mcptoken"),
    examples: [
      "mcpctl token create vllm -p demo --ttl 30d",
      "mcpctl token create reader -p demo --tools 'files/*,wiki/search' --read-only",
      "mcpctl token create ops -p demo --bind action:logs --bind role:view,resource:servers",
      "TOKEN=$(mcpctl token create ci -p demo --quiet)",
    ],
    load: () => import("../commands/token-create.ts"),
  },
  "token list": {
    group: "Access",
    summary: "List tokens, of one project with -p",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl token list -p demo"],
    load: () => import("../commands/token-list.ts"),
  },
  "token revoke": {
    group: "Access",
    summary: "End a token for good, by id or digits, or by name with -p",
    words: "NAME",
    least: 1,
    most: 1,
    completes: ["<mcptoken>"],
    examples: ["mcpctl token revoke vllm -p demo", "mcpctl token revoke 0123456789abcdef"],
    load: () => import("../commands/token-revoke.ts"),
  },
  "token revoke-leaked": {
    group: "Access",
    summary: "End a token that was found where it should not be; no login is needed",
    words: "",
    least: 0,
    // A word too many is told without being repeated: it may be the token.
    most: 100,
    ignores: ["project", "token"],
    examples: ["mcpctl token revoke-leaked", "mcpctl token revoke-leaked --url http://nas.local:3200 < found.txt"],
    load: () => import("../commands/token-revoke-leaked.ts"),
  },
  "token rotate": {
    group: "Access",
    summary: "A new token in the place of an old one, by id, or by name with -p; shown this once",
    words: "NAME",
    least: 1,
    most: 1,
    completes: ["<mcptoken>"],
    flags: {
      overlap: { type: "string", hint: "TIME", description: "How long both are accepted, at most 7d; 0s when absent" },
      ttl: {
        type: "string",
        hint: "TIME",
        description: "How long the new one lives; as long as the old one when absent",
      },
    },
    examples: ["mcpctl token rotate vllm -p demo --overlap 24h"],
    load: () => import("../commands/token-rotate.ts"),
  },
  "auth can-i": {
    group: "Access",
    summary: "Whether you may do something, and which binding or what is missing; exit 0 for yes, 5 for no",
    ...question,
    examples: [
      "mcpctl auth can-i edit servers/files",
      "mcpctl auth can-i run tools/files/read_text_file -p demo",
      "mcpctl auth can-i create mcptokens -p demo --as User:alice@example.com",
      "mcpctl auth can-i servers-execute",
    ],
    load: () => import("../commands/auth-can-i.ts"),
  },
  "auth explain": {
    group: "Access",
    summary: "The same with everybody who must agree, every binding that allows it, and what comes near",
    ...question,
    examples: [
      "mcpctl auth explain edit servers/files",
      "mcpctl auth explain run projects/demo --as McpToken:0123456789abcdef",
    ],
    load: () => import("../commands/auth-explain.ts"),
  },
  "auth session": {
    group: "Access",
    summary: "Log a service account in; the session is shown this once",
    words: "SERVICEACCOUNT",
    least: 1,
    most: 1,
    ignores: ["project"],
    flags: {
      ttl: {
        type: "string",
        hint: "TIME",
        description: "30d, 12h, never, or an ISO 8601 instant; the server's default when absent",
      },
      label: { type: "string", hint: "TEXT", description: "What it is for" },
    },
    examples: [
      "mcpctl auth session ci --ttl never --label 'build machine'",
      "MCPCTL_TOKEN=$(mcpctl auth session ci -q)",
    ],
    load: () => import("../commands/auth-session.ts"),
  },
};
