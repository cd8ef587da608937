import type { Env } from "./environment.ts";

export type Flag = {
  type: "string" | "boolean";
  short?: string;
  multiple?: boolean;
  /** The word that stands for the value in help. */
  hint?: string | undefined;
  /** What it says where no value follows; one that does is written with `=`. */
  alone?: string;
  /** Understood, and left out of help. */
  hidden?: boolean;
  /** What completion offers for its value, where the hint does not say it; a position as in `Verb.completes`. */
  completes?: string;
  description: string;
};
export type Flags = Record<string, Flag>;

/** A command line that passed: its words, what follows `--`, and its flags. */
export type Args = {
  words: readonly string[];
  rest: readonly string[];
  flag: (name: string) => string | undefined;
  flags: (name: string) => readonly string[];
  has: (name: string) => boolean;
  /** The project of the context: it stands in where one must be said. */
  standingProject?: () => string | undefined;
};

/** Answers the exit code; nothing is 0. Throws Problem for what the user can mend. */
export type Run = (args: Args, env: Env) => Promise<number | undefined> | Promise<void>;

/** The parts of the overview, in their order, with their titles. */
export const groups = {
  Resources: "Resources",
  Servers: "Servers",
  Clients: "Clients",
  Models: "What models see",
  Access: "Rights and audit",
  Instances: "Instances and logins",
  Backup: "Backup",
  Here: "This machine",
} as const;

/** A verb: its words and flags are cheap and always loaded, its work is imported when it runs. */
export type Verb = {
  group: keyof typeof groups;
  summary: string;
  /** The words after the verb, as help writes them: `KIND [NAME…]`. */
  words: string;
  least: number;
  most: number;
  /**
   * What completion offers for each word, where `words` does not say it; the last goes for all that follow. A position is alternatives between
   * bars: a word as it stands, `<kind create>` for the kinds that this can be done with, `<name>` for the names of the kind that stands before,
   * `<server>` for those of that kind, `<context>`, `<file>`, `<folder>`. What stands before a mark stays before what it offers: `User:<user>`.
   */
  completes?: readonly string[];
  /** Flags for every verb that mean nothing to this one: completion does not offer them, nor the verb after them. */
  ignores?: readonly (keyof typeof globalFlags)[];
  /** Words after `--` mean something. */
  takesRest?: boolean;
  flags?: Flags;
  /** More flags, once the first word is known: those of a kind. @throws Problem `invalid` for a word that is none */
  flagsFor?: (word: string | undefined) => Promise<Flags>;
  examples: readonly string[];
  load: () => Promise<{ run: Run }>;
};

export const globalFlags = {
  project: { type: "string", short: "p", hint: "NAME", description: "The project it is about" },
  output: {
    type: "string",
    short: "o",
    hint: "FORMAT",
    completes: "table|wide|json|yaml|name",
    description: "table, wide, json, yaml or name",
  },
  context: { type: "string", hint: "NAME", description: "Which saved instance to talk to; before MCPCTL_CONTEXT" },
  url: { type: "string", hint: "URL", description: "Which instance to talk to; before MCPCTL_URL and contexts" },
  token: { type: "string", hint: "TOKEN", description: "What to log in with; before MCPCTL_TOKEN and saved logins" },
  ca: { type: "string", hint: "FILE", description: "Trust the authority in this PEM file; before MCPCTL_CA_FILE" },
  "insecure-skip-verify": { type: "boolean", description: "Do not check the certificate; a warning says so" },
  verbose: { type: "boolean", short: "v", description: "Tell each request and its id on standard error" },
  quiet: { type: "boolean", short: "q", description: "Print only the one thing wanted" },
  yes: { type: "boolean", short: "y", description: "Do not ask" },
  help: { type: "boolean", short: "h", description: "Help for this verb" },
} as const satisfies Flags;

export const passwordStdin = {
  "password-stdin": { type: "boolean", description: "Read the password from standard input" },
} satisfies Flags;

/** For verbs after which something goes on to happen; `until` says for what they wait. */
export const waiting = (until: string) =>
  ({
    wait: { type: "boolean", description: `Wait until ${until}; exit code 8 when they are not in time` },
    timeout: { type: "string", hint: "TIME", description: "How long to wait: 30s, 5m, 1h; 2m when not said" },
  }) satisfies Flags;

/** How help writes what follows a flag. */
export const valueShown = ({ hint, alone }: Flag, shown = (text: string) => text): string =>
  hint === undefined ? "" : alone === undefined ? ` ${shown(hint)}` : `[=${shown(hint)}]`;

/** A field's name as flags are mostly written. A unit is one word. */
export const kebab = (name: string): string =>
  name.replace("MiB", "Mib").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
