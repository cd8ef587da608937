/** A file of somebody's own code. `path` is our copy of one version of it: an edit of the file itself changes nothing that runs. */
export type Code = { kind: "stage" | "plugin"; name: string; version: string; path: string };

/** What a plugin's or a stage's file was found to be. */
export type Exports = { name?: string; description?: string; extends?: readonly string[]; hooks: readonly string[] };

/** What is done there for us. `context` and `args` are plain data; what can only be done here is asked for (see Said). */
export type Work =
  | { do: "load" }
  | { do: "stage"; content: string; context: StageFacts }
  | { do: "hook"; hook: string; context: PluginFacts; args: readonly unknown[] }
  | { do: "tool"; tool: string; context: PluginFacts; args: Record<string, unknown> }
  /** What `cache.getOrCompute` was given to compute, when it was asked for as `of`. */
  | { do: "compute"; of: number };

/** What a model can be known by without asking it, for each tier. */
export type LlmFacts = Record<"fast" | "heavy", { identity: string | undefined; available: boolean }>;

export type StageFacts = {
  contentType: string;
  sourceName: string;
  projectName: string;
  sessionId: string | undefined;
  /** Undefined when it is the content itself, which is mostly so and may be long. */
  originalContent: string | undefined;
  sections: readonly unknown[] | undefined;
  config: Readonly<Record<string, unknown>>;
  llm: LlmFacts | undefined;
};

export type PluginFacts = {
  identity: { id: string; isSession: boolean };
  era: string;
  seesChanges: boolean;
  projectName: string;
  principal: string;
  tokenSha: string | undefined;
  readOnly: boolean;
  llm: LlmFacts | undefined;
};

export type Order =
  | ({ id: number; code: Code } & Work)
  | { do: "answer"; ask: number; value?: unknown; error?: string }
  | { do: "abort"; id: number }
  | { do: "ping" };

/** `began` is said before any of somebody's code goes on, so that we know whose it was when nothing more is heard. */
export type Said =
  | { say: "began"; id: number }
  | { say: "done"; id: number; value?: unknown }
  | { say: "failed"; id: number; message: string }
  | { say: "ask"; id: number; ask: number; what: string; args: readonly unknown[] }
  | { say: "tell"; id: number; what: string; args: readonly unknown[] }
  | { say: "pong" };
