import { join } from "node:path";

export type Place = {
  /** The person's own folder. */
  home: string;
  /** Where they stand. */
  folder: string;
  variables: Record<string, string | undefined>;
  platform: NodeJS.Platform;
};

/** Where a client keeps its servers, the nearest first. */
type Files = (place: Place) => string[];

/** Where programs keep their settings on this system. */
function settings({ home, variables, platform }: Place, app: string): string {
  if (platform === "darwin") return join(home, "Library", "Application Support", app);
  if (platform === "win32") return join(variables["APPDATA"] ?? join(home, "AppData", "Roaming"), app);
  return join(variables["XDG_CONFIG_HOME"] ?? join(home, ".config"), app);
}

const inHome =
  (...parts: string[]): Files =>
  ({ home }) => [join(home, ...parts)];
const inFolder =
  (near: string[], far: string[]): Files =>
  ({ home, folder }) => [join(folder, ...near), join(home, ...far)];

/** The clients whose servers are imported by their name. */
export const clientFiles: Record<string, Files> = {
  "claude-desktop": (place) => [join(settings(place, "Claude"), "claude_desktop_config.json")],
  "claude-code": ({ home, folder }) => [join(folder, ".mcp.json"), join(home, ".claude.json")],
  cursor: inFolder([".cursor", "mcp.json"], [".cursor", "mcp.json"]),
  vscode: (place) => [join(place.folder, ".vscode", "mcp.json"), join(settings(place, "Code"), "User", "mcp.json")],
  codex: inFolder([".codex", "config.toml"], [".codex", "config.toml"]),
  gemini: inFolder([".gemini", "settings.json"], [".gemini", "settings.json"]),
  qwen: inFolder([".qwen", "settings.json"], [".qwen", "settings.json"]),
  cline: inHome(".cline", "data", "settings", "cline_mcp_settings.json"),
  opencode: ({ home, folder }) => [join(folder, "opencode.json"), join(home, ".config", "opencode", "opencode.json")],
  "copilot-cli": inHome(".copilot", "mcp-config.json"),
  continue: inHome(".continue", "config.yaml"),
  goose: inHome(".config", "goose", "config.yaml"),
  "lm-studio": inHome(".lmstudio", "mcp.json"),
  windsurf: inHome(".codeium", "windsurf", "mcp_config.json"),
  zed: inHome(".config", "zed", "settings.json"),
};
