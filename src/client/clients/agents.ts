import { configFolder } from "../../lib/xdg.ts";
import { anyName, dropsAbove, listing, noDots, postsFirst, quietStream } from "./check/steps.ts";
import { bearer, bridgeEnv, type ClientRow, folderOf, stdio, type Where } from "./client.ts";

const servers = ["mcpServers"];

/** Agents of the terminal, each tried in `bun run interop` but Goose. */
export const agents: readonly ClientRow[] = [
  {
    id: "claude-code",
    title: "Claude Code",
    aliases: ["claude"],
    group: "agents",
    about: "asks server/discover first; its model finds tools by their descriptions",
    transport: "streamable",
    program: "claude",
    reference: (variable) => `\${${variable}}`,
    file: {
      format: "json",
      user: ({ home, variables }) => [`${variables["CLAUDE_CONFIG_DIR"] || home}/.claude.json`],
      project: ({ folder }) => [`${folder}/.mcp.json`],
      at: servers,
      entry: (wiring) => ({ type: "http", url: wiring.url, headers: bearer(wiring) }),
      bridge: (wiring) => ({ type: "stdio", ...stdio(wiring) }),
    },
    notes: (_wiring, scope) =>
      scope === "project" ? ["It asks its user once whether the .mcp.json of a folder may be used."] : [],
    check: [
      ...postsFirst("2025-11-25", { discovers: true }),
      listing,
      dropsAbove(64, (tool, name) => `mcp__${name}__${tool}`),
    ],
  },
  {
    id: "codex",
    title: "Codex",
    group: "agents",
    about: "the token stays in a variable; without it the server is off",
    transport: "streamable",
    program: "codex",
    reference: (variable) => variable,
    file: {
      format: "toml",
      user: (where) => [`${folderOf(where, "CODEX_HOME", ".codex")}/config.toml`],
      at: ["mcp_servers"],
      entry: (wiring) => ({
        url: wiring.url,
        ...(wiring.variable === undefined
          ? { http_headers: bearer(wiring) }
          : { bearer_token_env_var: wiring.variable }),
      }),
      bridge: stdio,
    },
    check: [...postsFirst("2025-06-18"), quietStream, listing, dropsAbove(64, (tool, name) => `mcp__${name}__${tool}`)],
  },
  {
    id: "gemini",
    title: "Gemini CLI",
    aliases: ["gemini-cli"],
    group: "agents",
    about: "connects only in folders that it trusts",
    transport: "streamable",
    program: "gemini",
    reference: (variable) => `$${variable}`,
    file: {
      format: "json",
      user: ({ home, variables }) => [`${variables["GEMINI_CLI_HOME"] || home}/.gemini/settings.json`],
      project: ({ folder }) => [`${folder}/.gemini/settings.json`],
      at: servers,
      entry: (wiring) => ({ type: "http", url: wiring.url, headers: bearer(wiring) }),
      bridge: stdio,
    },
    notes: () => [
      'In a folder that it does not trust it says "Disabled": GEMINI_CLI_TRUST_WORKSPACE=true, or trust the folder.',
    ],
    // It never sends MCP-Protocol-Version.
    check: [
      ...postsFirst("2025-06-18", { tellsVersion: false }),
      quietStream,
      listing,
      dropsAbove(63, (tool, name) => `mcp_${name}_${tool}`),
    ],
  },
  {
    id: "qwen",
    title: "Qwen Code",
    aliases: ["qwen-code"],
    group: "agents",
    about: "GET must be a stream or 405",
    transport: "streamable",
    program: "qwen",
    reference: (variable) => `$${variable}`,
    file: {
      format: "json",
      user: (where) => [`${folderOf(where, "QWEN_HOME", ".qwen")}/settings.json`],
      project: ({ folder }) => [`${folder}/.qwen/settings.json`],
      at: servers,
      // Else its model must search for the tools before it can call them.
      entry: (wiring) => ({ httpUrl: wiring.url, headers: bearer(wiring), alwaysLoadTools: true }),
      bridge: (wiring) => ({ ...stdio(wiring), alwaysLoadTools: true }),
    },
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool, name) => `mcp__${name}__${tool}`)],
  },
  {
    id: "opencode",
    title: "opencode",
    group: "agents",
    about: "oauth is off: else a refused token would start a login",
    transport: "streamable",
    program: "opencode",
    reference: (variable) => `{env:${variable}}`,
    file: {
      format: "json",
      user: (where) => ["opencode.json", "opencode.jsonc"].map((name) => `${configFolder(where)}/opencode/${name}`),
      project: ({ folder }) => ["opencode.json", "opencode.jsonc"].map((name) => `${folder}/${name}`),
      at: ["mcp"],
      entry: (wiring) => ({ type: "remote", url: wiring.url, headers: bearer(wiring), oauth: false, enabled: true }),
      bridge: (wiring) => {
        const { command, args } = stdio(wiring);
        return { type: "local", command: [command, ...args], environment: bridgeEnv(wiring), enabled: true };
      },
    },
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool, name) => `${name}_${tool}`)],
  },
  {
    id: "copilot-cli",
    title: "Copilot CLI",
    aliases: ["copilot"],
    group: "agents",
    about: "asks server/discover first; the token stands in the file",
    transport: "streamable",
    program: "copilot",
    file: {
      format: "json",
      user: ({ home, variables }) => [`${variables["COPILOT_HOME"] || `${home}/.copilot`}/mcp-config.json`],
      at: servers,
      entry: (wiring) => ({ type: "http", url: wiring.url, headers: bearer(wiring), tools: ["*"] }),
      bridge: (wiring) => ({ type: "local", ...stdio(wiring), tools: ["*"] }),
    },
    check: [
      ...postsFirst("2025-11-25", { discovers: true }),
      listing,
      noDots,
      dropsAbove(128, (tool, name) => `${name}-${tool}`),
    ],
  },
  {
    id: "cline",
    title: "Cline",
    group: "agents",
    about: "the token stands in the file; the extension of VS Code has a file of its own (--file)",
    transport: "streamable",
    program: "cline",
    file: {
      format: "json",
      user: clineFile,
      at: servers,
      entry: (wiring) => ({ transport: { type: "streamableHttp", url: wiring.url, headers: bearer(wiring) } }),
      bridge: (wiring) => ({ transport: { type: "stdio", ...stdio(wiring) } }),
    },
    check: [...postsFirst("2025-11-25"), quietStream, listing, anyName],
  },
  {
    id: "continue",
    title: "Continue",
    group: "agents",
    about: "names reach the model raw, so dots break it",
    transport: "streamable",
    program: "cn",
    reference: (variable) => `\${{ secrets.${variable} }}`,
    file: {
      format: "yaml",
      user: (where) => [`${folderOf(where, "CONTINUE_GLOBAL_DIR", ".continue")}/config.yaml`],
      at: servers,
      list: "name",
      entry: (wiring) => ({
        name: wiring.name,
        type: "streamable-http",
        url: wiring.url,
        requestOptions: { headers: bearer(wiring) },
      }),
      bridge: (wiring) => ({ name: wiring.name, type: "stdio", ...stdio(wiring) }),
      start: { name: "Local Config", version: "1.0.0", schema: "v1" },
    },
    check: [...postsFirst("2025-11-25"), quietStream, listing, noDots, dropsAbove(64, (tool) => tool)],
  },
  {
    id: "goose",
    title: "Goose",
    group: "agents",
    about: "calls the address uri; a Bearer challenge would start a login",
    transport: "streamable",
    program: "goose",
    file: {
      format: "yaml",
      user: (where) => [gooseFile(where)],
      at: ["extensions"],
      entry: (wiring) => ({
        type: "streamable_http",
        name: wiring.name,
        enabled: true,
        uri: wiring.url,
        headers: bearer(wiring),
        envs: {},
        env_keys: [],
        timeout: 300,
      }),
      bridge: (wiring) => {
        const { command, args, env } = stdio(wiring);
        return { type: "stdio", name: wiring.name, enabled: true, cmd: command, args, envs: env, timeout: 300 };
      },
    },
    check: [...postsFirst("2025-06-18"), quietStream, listing, dropsAbove(64, (tool, name) => `${name}__${tool}`)],
  },
];

function clineFile(where: Where): readonly string[] {
  const { variables } = where;
  const file = variables["CLINE_MCP_SETTINGS_PATH"];
  if (file) return [file];
  const data = variables["CLINE_DATA_DIR"] || `${folderOf(where, "CLINE_DIR", ".cline")}/data`;
  return [`${data}/settings/cline_mcp_settings.json`];
}

/** Goose follows XDG on a Mac as well. */
function gooseFile(where: Where): string {
  const { platform, home, variables } = where;
  return platform === "win32"
    ? `${variables["APPDATA"] ?? `${home}/AppData/Roaming`}/Block/goose/config/config.yaml`
    : `${configFolder(where)}/goose/config.yaml`;
}
