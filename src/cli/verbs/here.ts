import type { Verb } from "../verb.ts";

/** What needs no server, or is one. */
export const hereVerbs: Record<string, Verb> = {
  "test mcp": {
    group: "Here",
    summary: "Check any MCP endpoint; exit 0 pass, 1 transport or authentication, 2 contract",
    words: "URL",
    least: 1,
    most: 1,
    ignores: ["project", "context", "url", "yes"],
    flags: {
      header: { type: "string", multiple: true, hint: "NAME:VALUE", description: "A header to send" },
      "expect-tools": { type: "string", hint: "A,B", description: "Tools that must be there" },
      tool: { type: "string", hint: "NAME", description: "A tool to call" },
      args: { type: "string", hint: "JSON", description: "Its arguments" },
      timeout: { type: "string", hint: "SECONDS", description: "For each step; 10 when absent" },
      protocol: { type: "string", hint: "auto|legacy|modern", description: "In which era of MCP it is spoken to" },
    },
    examples: ["mcpctl test mcp http://localhost:3200/mcp --token $TOKEN --expect-tools files__read_text_file"],
    load: () => import("../commands/test-mcp.ts"),
  },
  serve: {
    group: "Here",
    summary: "Run the server",
    words: "",
    least: 0,
    most: 0,
    ignores: ["project", "output", "context", "url", "token", "quiet", "yes"],
    flags: {
      host: { type: "string", hint: "ADDRESS", description: "Where to listen; 127.0.0.1 when absent" },
      port: { type: "string", hint: "PORT", description: "3200 when absent; 0 takes a free one" },
      "data-dir": { type: "string", hint: "FOLDER", description: "Where the data is; ~/.mcpctl/data when absent" },
      "cache-dir": {
        type: "string",
        hint: "FOLDER",
        description: "Where what pipelines made is kept; ~/.mcpctl/cache, or below a data folder that is given",
      },
      "cache-mib": { type: "string", hint: "MIB", description: "How much of it at most; 256 when absent" },
      database: { type: "string", hint: "URL", description: "sqlite:PATH; in the data folder when absent" },
      "master-key-file": { type: "string", hint: "FILE", description: "The key that secrets are encrypted under" },
      config: { type: "string", hint: "FILE", description: "YAML with the same settings in camelCase" },
      log: {
        type: "string",
        hint: "LEVEL",
        completes: "debug|info|warn|error|silent",
        description: "debug, info, warn, error or silent",
      },
      "token-default-ttl": { type: "string", hint: "TIME", description: "How long tokens live; 90d when absent" },
      "token-max-ttl": { type: "string", hint: "TIME", description: "And at most; never, so no bound, when absent" },
      "audit-retention-days": {
        type: "string",
        hint: "DAYS",
        description: "How long audit events are kept; 365 when absent, 0 for ever",
      },
      "allowed-hosts": {
        type: "string",
        hint: "NAMES",
        description: "Names by which this machine is reached besides its own, such as that of a reverse proxy",
      },
      "allowed-origins": {
        type: "string",
        hint: "ORIGINS",
        description: "Pages that may use it from a browser, such as https://ui.example.com; nobody else's when absent",
      },
      "oauth-issuer": {
        type: "string",
        hint: "URL",
        description: "Accept access tokens of this OAuth issuer for its users who have an account here",
      },
      "oauth-audience": { type: "string", hint: "TEXT", description: "For whom those tokens must have been issued" },
      "container-socket": {
        type: "string",
        hint: "PATH",
        description: "Socket of podman or Docker, for servers that are images; found by itself when absent",
      },
    },
    examples: ["mcpctl serve", "mcpctl serve --host 0.0.0.0 --data-dir /srv/mcpctl"],
    load: () => import("../commands/serve.ts"),
  },
};
