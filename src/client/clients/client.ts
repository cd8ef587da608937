import { configFolder } from "../../lib/xdg.ts";
import type { CheckStep } from "./check/visit.ts";

/** What decides where a client's file lies; tests hand in another machine. */
export type Where = {
  /** As `process.platform` has it. */
  platform: string;
  home: string;
  /** The folder in which the command was given: where a project's own file lies. */
  folder: string;
  variables: Record<string, string | undefined>;
};

/** What a client is to be told. */
export type Wiring = {
  /** How the entry is called in the client. */
  name: string;
  project: string;
  /** The endpoint, for the transport that the client speaks. */
  url: string;
  /** What stands where the token belongs: the token, the client's own way to name a variable, or a word that says what is missing. */
  token: string;
  /** The variable that `token` refers to; undefined when it is the token itself. */
  variable: string | undefined;
  /** Where mcpctl itself answers, for the bridge. */
  origin: string;
  /** How to start this mcpctl. */
  program: readonly [string, ...string[]];
};

/** A value and its place in a document; the last word of `at` is a key, or with `item` the list that it belongs into. */
export type Change = {
  at: readonly string[];
  value: unknown;
  /** The field by which an item of the list is known; `""` when the items are plain values. */
  item?: string;
};

/** Whose file: the person's, or that of the folder in which the command was given. */
export type Scope = "user" | "project";

export type FormatName = "json" | "yaml" | "toml";

/** How a client is set up by a file. */
export type SetUpFile = {
  format: FormatName;
  /** Where it may lie; the first that is there, else the first. */
  user?: (where: Where) => readonly string[];
  project?: (where: Where) => readonly string[];
  /** What holds the entries. */
  at: readonly string[];
  /** The entries are a list, and this field is their name. */
  list?: string;
  /** Undefined when the client only starts programs. */
  entry?: (wiring: Wiring) => object;
  /** The entry that starts the bridge. */
  bridge: (wiring: Wiring) => object;
  /** What must stand elsewhere in the same document. */
  also?: (wiring: Wiring) => readonly Change[];
  /** What a new file holds besides. */
  start?: Record<string, unknown>;
};

/** A client of other people's: one row. */
export type ClientRow = {
  id: string;
  title: string;
  aliases?: readonly string[];
  group: "agents" | "desktops" | "services" | "frameworks" | "commands";
  /** How its set-up is reached and what a person should know, in a few words. */
  about: string;
  transport: "streamable" | "sse" | "bridge";
  /** Its executable, by which it is seen to be installed. */
  program?: string;
  /** How it is told to read the token from a variable; undefined when it cannot. */
  reference?: (variable: string) => string;
  file?: SetUpFile;
  /** What is pasted or run, for a client without a file of its own. */
  text?: (wiring: Wiring) => string;
  /** Where the text belongs. */
  belongs?: string;
  /** How the entry is called when nobody says; the project's name otherwise. */
  usualName?: string;
  /** What a person has to mind; `scope` is whose file it is, where that was said. */
  notes?: (wiring: Wiring, scope?: Scope) => readonly string[];
  /** Its own first requests, in its order, and what it cannot take. */
  check: readonly CheckStep[];
};

export const bearer = ({ token }: Wiring): { Authorization: string } => ({ Authorization: `Bearer ${token}` });

/** The environment of the bridge. Without a token it uses the login of the person who runs it. */
export const bridgeEnv = ({ origin, token, variable }: Wiring): Record<string, string> => ({
  MCPCTL_URL: origin,
  ...(variable === undefined ? { MCPCTL_TOKEN: token } : {}),
});

const bridgeArgs = ({ program, project }: Wiring) => [...program.slice(1), "mcp", "-p", project];

/** The entry that most clients take for a program. */
export const stdio = (wiring: Wiring) => ({
  command: wiring.program[0],
  args: bridgeArgs(wiring),
  env: bridgeEnv(wiring),
});

/** Where programs keep their settings on each platform. */
export function settingsFolder(where: Where): string {
  const { platform, home, variables } = where;
  if (platform === "win32") return variables["APPDATA"] ?? `${home}/AppData/Roaming`;
  if (platform === "darwin") return `${home}/Library/Application Support`;
  return configFolder(where);
}

/** A variable that leads to a folder, else this one below the home. */
export const folderOf = ({ home, variables }: Where, variable: string, usual: string): string =>
  variables[variable] || `${home}/${usual}`;
