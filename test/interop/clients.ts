/** What a client is given: the endpoint (through its tap), a token, a home of its own, a model, and the text that its calls carry. */
export type Place = { url: string; token: string; home: string; model: string; marker: string };

/** A client from npm. `speaks` is the protocol revision in which it is to reach the gateway: one that falls back to another is a failure. */
export type Client = {
  name: string;
  package: string;
  bin: string;
  speaks: string;
  /** What `mcpctl config` calls it, where it is set up by that: in the file below, or in one of its own. */
  row?: string;
  /** It reads no variable, or starts what reads none: the token stands in its file. */
  keepsToken?: true;
  /** Files in its home, as they are before; the token comes by the variable MCPCTL_TOKEN where a client can read one. */
  files?: (place: Place) => Record<string, unknown>;
  env?: (place: Place) => Record<string, string>;
  /** A command that must come before the others, and may be given again. Who has one runs alone: mcpc gives itself 5 s to start. */
  opens?: (place: Place) => string[];
  /** A command that connects without a model, and says so. */
  checks?: string[];
  /** Command lines, one after another, that list the tools and call `near__echo` and `everything__echo`. */
  runs: (place: Place, programs: Programs) => string[][];
};
/** The path of a program that another client of this list brings. */
export type Programs = (client: string) => string;

const modern = "2026-07-28";
const bearer = ({ token }: Place) => `Authorization: Bearer ${token}`;
const prompt = "Echo what you are to echo.";

const inspector = { package: "@modelcontextprotocol/inspector@2.12.0", bin: "mcp-inspector" };
const toolCalls = ({ marker }: Place) => [
  ["--method", "tools/list"],
  ["--method", "tools/call", "--tool-name", "near__echo", "--tool-arg", `text=${marker}`],
  ["--method", "tools/call", "--tool-name", "everything__echo", "--tool-arg", `message=${marker}`],
];
const inspectorOf = (era: "legacy" | "auto" | "modern"): Client => ({
  ...inspector,
  name: `inspector-${era}`,
  speaks: era === "legacy" ? "2025-11-25" : modern,
  runs: (place) =>
    toolCalls(place).map((words) => [
      ...["--cli", place.url, "--transport", "http", "--header", bearer(place)],
      ...[...words, "--format", "json", "--protocol-era", era],
    ]),
});

export const clients: readonly Client[] = [
  inspectorOf("legacy"),
  inspectorOf("auto"),
  inspectorOf("modern"),
  {
    name: "mcp-remote",
    package: "mcp-remote@0.15.1",
    bin: "mcp-remote",
    speaks: "2025-11-25",
    // A stdio server of its own, so the Inspector drives it. No blank after the colon: it splits its arguments there.
    runs: (place, programs) => {
      const header = ["--header", `Authorization:Bearer ${place.token}`];
      const remote = [programs("mcp-remote"), place.url, ...header, "--transport", "http-only", "--allow-http"];
      return toolCalls(place).map((words) => [
        ...[programs("inspector-legacy"), "--cli", ...words],
        ...["--format", "json", "--", ...remote],
      ]);
    },
  },
  {
    // Claude Desktop is not on npm: the Inspector starts our bridge as its file says.
    ...inspector,
    name: "claude-desktop",
    speaks: "2025-11-25",
    row: "claude-desktop",
    keepsToken: true,
    runs: (place) =>
      toolCalls(place).map((words) => [
        ...["--cli", "--config", `${place.home}/.config/Claude/claude_desktop_config.json`, "--server", "gw"],
        ...[...words, "--format", "json"],
      ]),
  },
  {
    name: "mcpc",
    package: "@apify/mcpc@0.2.6",
    bin: "mcpc",
    speaks: "2025-11-25",
    opens: (place) => ["connect", place.url, "@gw", "--header", bearer(place), "--json"],
    runs: (place) => [
      ["--json", "@gw", "tools-list"],
      ["--json", "@gw", "tools-call", "near__echo", `text:=${place.marker}`],
      ["--json", "@gw", "tools-call", "everything__echo", `message:=${place.marker}`],
      ["@gw", "ping"],
      ["close", "@gw"],
    ],
  },
  {
    name: "claude",
    package: "@anthropic-ai/claude-code@2.1.330",
    bin: "claude",
    speaks: modern,
    row: "claude-code",
    env: ({ model }) => ({
      ANTHROPIC_BASE_URL: model,
      ANTHROPIC_API_KEY: "none",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      DISABLE_AUTOUPDATER: "1",
    }),
    checks: ["mcp", "list"],
    runs: () => [["-p", prompt, "--allowedTools", "mcp__gw__near__echo,mcp__gw__everything__echo"]],
  },
  {
    name: "codex",
    package: "@openai/codex@0.169.0",
    bin: "codex",
    speaks: "2025-06-18",
    row: "codex",
    files: ({ model }) => ({
      ".codex/config.toml": [
        'model = "scripted" # of the interop\nmodel_provider = "scripted"',
        `[model_providers.scripted]\nname = "scripted"\nbase_url = "${model}/v1"\nwire_api = "responses"`,
      ].join("\n\n"),
    }),
    runs: () => [["exec", "--skip-git-repo-check", prompt]],
  },
  {
    name: "gemini",
    package: "@google/gemini-cli@0.61.0",
    bin: "gemini",
    speaks: "2025-06-18",
    row: "gemini",
    files: () => ({
      ".gemini/settings.json": {
        security: { auth: { selectedType: "gemini-api-key" } },
        privacy: { usageStatisticsEnabled: false },
      },
    }),
    env: ({ model }) => ({
      GOOGLE_GEMINI_BASE_URL: model,
      GEMINI_API_KEY: "none",
      GEMINI_CLI_TRUST_WORKSPACE: "true",
    }),
    checks: ["mcp", "list"],
    runs: () => [["-p", prompt, "--yolo", "-m", "gemini-2.5-flash"]],
  },
  {
    name: "qwen",
    package: "@qwen-code/qwen-code@0.24.4",
    bin: "qwen",
    speaks: "2025-11-25",
    row: "qwen",
    files: () => ({
      ".qwen/settings.json": '{\n  // No statistics.\n  "privacy": { "usageStatisticsEnabled": false }\n}\n',
    }),
    env: ({ model }) => ({ OPENAI_BASE_URL: `${model}/v1`, OPENAI_API_KEY: "none", OPENAI_MODEL: "scripted" }),
    checks: ["mcp", "list"],
    runs: () => [["-p", prompt, "--yolo", "--auth-type", "openai"]],
  },
  {
    name: "opencode",
    package: "opencode-ai@1.18.33",
    bin: "opencode",
    speaks: "2025-11-25",
    row: "opencode",
    files: ({ model }) => ({
      ".config/opencode/opencode.json": {
        autoupdate: false,
        share: "disabled",
        model: "scripted/scripted",
        small_model: "scripted/scripted",
        provider: {
          scripted: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: `${model}/v1`, apiKey: "none" },
            models: { scripted: {} },
          },
        },
      },
    }),
    checks: ["mcp", "list"],
    runs: () => [["run", prompt]],
  },
  {
    name: "copilot",
    package: "@github/copilot@1.0.102",
    bin: "copilot",
    speaks: modern,
    row: "copilot-cli",
    keepsToken: true,
    env: ({ model }) => ({
      COPILOT_PROVIDER_BASE_URL: `${model}/v1`,
      COPILOT_MODEL: "scripted",
      COPILOT_OFFLINE: "true",
    }),
    runs: () => [["-p", prompt, "--allow-all-tools"]],
  },
  {
    name: "cline",
    package: "cline@3.0.65",
    bin: "cline",
    speaks: "2025-11-25",
    row: "cline",
    keepsToken: true,
    files: ({ model }) => ({
      ".cline/data/settings/providers.json": {
        version: 1,
        lastUsedProvider: "openai-compatible",
        modes: {},
        providers: {
          "openai-compatible": {
            settings: { provider: "openai-compatible", apiKey: "none", model: "scripted", baseUrl: `${model}/v1` },
            updatedAt: "2026-01-01T00:00:00.000Z",
            tokenSource: "manual",
          },
        },
      },
    }),
    runs: () => [["--json", prompt]],
  },
  {
    name: "continue",
    package: "@continuedev/cli@1.5.47",
    bin: "cn",
    speaks: "2025-11-25",
    row: "continue",
    files: ({ model }) => ({
      ".continue/config.yaml": `name: interop # of mcpctl
version: 0.0.1
schema: v1
models:
- {name: scripted, model: scripted, provider: openai, apiBase: "${model}/v1", apiKey: none, roles: [chat], capabilities: [tool_use]}
`,
    }),
    env: () => ({ CONTINUE_TELEMETRY_ENABLED: "0" }),
    runs: ({ home }) => [["-p", prompt, "--auto", "--config", `${home}/.continue/config.yaml`]],
  },
];
