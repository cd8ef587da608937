import type { PluginFacts, StageFacts } from "../../../instances/worker/protocol.ts";
import type { Answering } from "../../../instances/worker/worker.ts";
import { isObject } from "../../../lib/object.ts";
import { Problem } from "../../../lib/problem.ts";
import type { CompletionOptions, Llm, Tier } from "../../../llm/llm.ts";
import type { PluginContext, VirtualTool } from "../plugin.ts";
import { type ContentType, contentTypes, type StageContext } from "../stage.ts";

/** A context as plain data, for the process in which the code runs. */
export const stageFacts = (content: string, context: StageContext): StageFacts => ({
  contentType: context.contentType,
  sourceName: context.sourceName,
  projectName: context.projectName,
  sessionId: context.sessionId,
  originalContent: context.originalContent === content ? undefined : context.originalContent,
  sections: context.sections,
  config: context.config,
  llm: llmFacts(context.llm),
});

export const pluginFacts = (context: PluginContext): PluginFacts => ({
  identity: context.identity,
  era: context.era,
  seesChanges: context.seesChanges,
  projectName: context.project.name,
  principal: context.principal,
  tokenSha: context.tokenSha,
  readOnly: context.readOnly,
  llm: llmFacts(context.llm),
});

const llmFacts = (llm: Llm | undefined) => {
  const of = (tier: Tier) => ({ identity: llm?.identity(tier), available: llm?.available(tier) ?? false });
  return llm && { fast: of("fast"), heavy: of("heavy") };
};

type Common = Pick<StageContext, "llm" | "cache" | "log"> & { signal?: AbortSignal };

/** What the code may ask and tell through its context, and nothing else. What it gives is looked at: it may be anything. */
export function answering(context: Common, plugin?: PluginContext, addTool?: (tool: Tool) => void): Answering {
  const { llm, cache, log, signal } = context;
  return {
    async ask(what, args, compute) {
      if (what === "cache.getOrCompute")
        return await cache.getOrCompute(text(args[0]), async () => text(await compute()));
      if (what === "llm.complete") return await asked(llm).complete(text(args[0]), completion(args[1], signal));
      if (what === "llm.contextTokens") return await asked(llm).contextTokens();
      if (plugin === undefined) throw new Problem("invalid", `there is no ${what} here`);
      if (what === "discover") return (await plugin.discover()).map((tool) => tool.text);
      if (what === "callTool") return await plugin.callTool(text(args[0]), text(args[1]));
      if (what === "shape") return await plugin.shape(contentType(args[0]), text(args[1]), undefined, text(args[2]));
      throw new Problem("invalid", `there is no ${what} here`);
    },
    tell(what, args) {
      const [first, second, third] = args;
      if (what === "log") log[level(first)](String(second).slice(0, most.words), detailOf(third));
      else if (what === "audit") plugin?.audit(String(first).slice(0, 64), detailOf(second));
      else if (what === "listChanged" && isList(first)) plugin?.listChanged(first);
      else if (what === "registerTool" && isTool(first)) addTool?.(first);
      else if (what === "registerTool")
        log.warn(
          "a tool of local code is left out: it needs a name that clients take, a description and an inputSchema for an object, of 64 KiB at most",
        );
    },
  };
}

/** In characters. What is told goes into the log, which is kept for ever, and into every list of tools. */
const most = { words: 8 * 1024, detail: 8 * 1024, tool: 64 * 1024 } as const;

function detailOf(given: unknown): Record<string, unknown> {
  if (!isObject(given)) return {};
  const { length } = JSON.stringify(given);
  return length <= most.detail ? given : { cut: `${length} characters` };
}

export type Tool = Pick<VirtualTool, "name" | "description" | "inputSchema">;

function isTool(given: unknown): given is Tool {
  if (!isObject(given)) return false;
  const { name, description, inputSchema } = given;
  return (
    typeof name === "string" &&
    /^[A-Za-z][\w-]{0,63}$/.test(name) &&
    typeof description === "string" &&
    isObject(inputSchema) &&
    inputSchema["type"] === "object" &&
    description.length + JSON.stringify(inputSchema).length <= most.tool
  );
}

const isList = (given: unknown): given is "tools" | "prompts" | "resources" =>
  given === "tools" || given === "prompts" || given === "resources";

function asked(llm: Llm | undefined): Llm {
  if (llm !== undefined) return llm;
  throw new Problem("unavailable", "this project has no llm");
}

function text(given: unknown): string {
  if (typeof given === "string") return given;
  throw new Problem("invalid", "a text was expected");
}

function contentType(given: unknown): ContentType {
  const known = contentTypes.find((type) => type === given);
  if (known !== undefined) return known;
  throw new Problem("invalid", `the content type is one of ${contentTypes.join(", ")}`);
}

function completion(given: unknown, signal: AbortSignal | undefined): CompletionOptions {
  const { system, maxTokens, tier } = isObject(given) ? given : {};
  return {
    ...(typeof system === "string" && { system }),
    ...(typeof maxTokens === "number" && { maxTokens }),
    ...((tier === "fast" || tier === "heavy") && { tier }),
    ...(signal && { signal }),
  };
}

const level = (given: unknown): "debug" | "info" | "warn" | "error" =>
  given === "debug" || given === "warn" || given === "error" ? given : "info";
