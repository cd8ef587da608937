import type { Log } from "../../lib/log.ts";
import type { Llm } from "../../llm/llm.ts";
import type { Era } from "../protocol.ts";
import type { Admission } from "../visit.ts";
import type { ContentType, StageCache } from "./stage.ts";

/** One entry of a list as the client is to see it: `text` is its JSON. `server` is whose it is; undefined for mcpctl's own. */
export type Shown = { name: string; text: string; server: string | undefined };

/** A tool that no server offers. `call` answers the text of a result (`{"content":[…]}`); a Problem it throws becomes an `isError` result. */
export type VirtualTool = {
  name: string;
  description: string;
  inputSchema: object;
  /** `argumentsText` is the same as it was written, for whoever passes some of it on. */
  call: (args: Record<string, unknown>, context: PluginContext, argumentsText?: string) => Promise<string>;
};

/** Who is served. A hook works with this and what it was made with; it is never kept beyond the request, but for its `identity`. */
export type PluginContext = {
  /** What state is kept by: a legacy session, else the caller in this project. */
  identity: { id: string; isSession: boolean };
  era: Era;
  /** Whether this client learns of a list that changed: vLLM's tool server never asks again. */
  seesChanges: boolean;
  project: Admission["project"];
  principal: string;
  /** The same in words, for what is recorded under their name. */
  actor: Admission["actor"];
  /** Of the token that came; undefined when it was none. */
  tokenSha: string | undefined;
  readOnly: boolean;
  /** From now on this identity has the tool too. Names that a server's tool has are not taken away from it. */
  registerTool: (tool: VirtualTool) => void;
  /** Tells the client that a list is another now: its session, and every listener of the same caller. */
  listChanged: (list: "tools" | "prompts" | "resources") => void;
  /** What its session is about, in words: the tools that fit come first where there is no room for all. */
  began: (hints: readonly string[]) => void;
  /** The servers' tools as this caller may see them. */
  discover: () => Promise<readonly Shown[]>;
  /** Calls a tool as this caller: with its rights, recorded like any call. Answers the outcome's result text. @throws Problem */
  callTool: (name: string, argumentsText: string) => Promise<string>;
  /** Brings a result's texts through the stages of the project's pipeline, or of the server's own. */
  shape: (type: ContentType, source: string, server: string | undefined, result: string) => Promise<string>;
  /** The text of a project's prompt as this caller may read it: without what the project hides. */
  hide: (prompt: string, text: string) => Promise<string>;
  llm: Llm | undefined;
  cache: StageCache;
  audit: (action: string, detail: Record<string, unknown>) => void;
  log: Log;
};

export type ToolCall = { name: string; server: string; tool: string; argumentsText: string };

/** What a hook wants of a call: an answer without the server, other arguments, or words before the answer. Nothing: as it is. */
export type BeforeCall = { answer?: string; argumentsText?: string; preface?: string };

type Awaited_<T> = T | Promise<T>;

/** Results and arguments are JSON text, so that what a hook does not touch stays byte for byte. */
export type Hooks = {
  /** When an identity is first seen, and again after a restart. */
  onSessionCreate: (context: PluginContext) => Awaited_<void>;
  /** When its session has ended, or it was not seen for long. */
  onSessionDestroy: (identity: PluginContext["identity"]) => Awaited_<void>;
  /** `initialize` and `server/discover`: the instructions that the client is given. */
  onInitialize: (context: PluginContext, instructions: string | undefined) => Awaited_<string | undefined>;
  onToolsList: (context: PluginContext, tools: readonly Shown[]) => Awaited_<readonly Shown[]>;
  onToolCallBefore: (context: PluginContext, call: ToolCall) => Awaited_<BeforeCall | undefined>;
  onToolCallAfter: (context: PluginContext, call: ToolCall, result: string) => Awaited_<string>;
  onResourcesList: (context: PluginContext, resources: readonly Shown[]) => Awaited_<readonly Shown[]>;
  onResourceRead: (
    context: PluginContext,
    read: { uri: string; server: string | undefined },
    result: string,
  ) => Awaited_<string>;
  onPromptsList: (context: PluginContext, prompts: readonly Shown[]) => Awaited_<readonly Shown[]>;
  onPromptGet: (
    context: PluginContext,
    get: { name: string; server: string | undefined },
    result: string,
  ) => Awaited_<string>;
};
export type HookName = keyof Hooks;

export const hookNames = [
  "onSessionCreate",
  "onSessionDestroy",
  "onInitialize",
  "onToolsList",
  "onToolCallBefore",
  "onToolCallAfter",
  "onResourcesList",
  "onResourceRead",
  "onPromptsList",
  "onPromptGet",
] as const satisfies readonly HookName[];

/** A plugin as it is written: its own hooks, and the plugins whose hooks it has besides. */
export type Plugin = {
  name: string;
  description: string;
  extends: readonly string[];
  hooks: Partial<Hooks>;
};

export const definePlugin = (plugin: Pick<Plugin, "name" | "description"> & Partial<Plugin>): Plugin => ({
  extends: [],
  hooks: {},
  ...plugin,
});
