import { createHash } from "../../lib/crypto.ts";
import type { LlmFacts, PluginFacts, StageFacts } from "./protocol.ts";

/** How one call's code reaches the gateway: what it asks waits for an answer, what it tells does not. */
export type Reach = {
  id: number;
  signal: AbortSignal;
  ask: (what: string, args: readonly unknown[], compute?: () => unknown) => Promise<unknown>;
  tell: (what: string, ...args: unknown[]) => void;
  addTool: (identity: string, tool: string, call: (args: unknown, context: unknown) => unknown) => void;
};

type Tier = "fast" | "heavy";
type ToolGiven = { name: string; description: string; inputSchema: object; call: (...args: unknown[]) => unknown };

/** What a stage is given besides the content (docs/plugins.md). */
export const stageContextOf = (content: string, { llm, originalContent, ...facts }: StageFacts, reach: Reach) => ({
  ...facts,
  originalContent: originalContent ?? content,
  signal: reach.signal,
  ...common(llm, reach),
});

/** What a hook is given first (docs/plugins.md). */
export const contextOf = ({ llm, ...facts }: PluginFacts, reach: Reach) => ({
  ...facts,
  signal: reach.signal,
  ...common(llm, reach),
  registerTool({ call, ...tool }: ToolGiven) {
    reach.addTool(facts.identity.id, tool.name, call);
    reach.tell("registerTool", tool);
  },
  listChanged: (list: string) => reach.tell("listChanged", list),
  audit: (action: string, detail: object = {}) => reach.tell("audit", action, detail),
  discover: async () => ((await reach.ask("discover", [])) as string[]).map((text) => JSON.parse(text) as unknown),
  callTool: async (name: string, args: object = {}) =>
    JSON.parse(String(await reach.ask("callTool", [name, JSON.stringify(args)]))) as unknown,
  shape: async (contentType: string, source: string, result: object) =>
    JSON.parse(String(await reach.ask("shape", [contentType, source, JSON.stringify(result)]))) as unknown,
});

const common = (llm: LlmFacts | undefined, { ask, tell }: Reach) => ({
  llm: llm && {
    identity: (tier: Tier = "fast") => llm[tier]?.identity,
    available: (tier: Tier = "fast") => llm[tier]?.available ?? false,
    complete: (prompt: string, options: object = {}) => ask("llm.complete", [prompt, options]),
    contextTokens: () => ask("llm.contextTokens", []),
  },
  cache: {
    hash: (content: string) => createHash("sha256").update(content).digest("hex"),
    getOrCompute: (key: string, compute: () => unknown) => ask("cache.getOrCompute", [key], compute),
  },
  log: Object.fromEntries(
    ["debug", "info", "warn", "error"].map((level) => [
      level,
      (message: string, fields: object = {}) => tell("log", level, message, fields),
    ]),
  ),
});
