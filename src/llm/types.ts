import type { LlmFields } from "../resources/llm.ts";
import type { Reading } from "./answer.ts";
import { anthropic } from "./anthropic.ts";
import type { CompletionOptions } from "./llm.ts";
import { openAiCompatible } from "./openai-compatible.ts";

/** How one API is spoken. Pure: who sends it is exchange.ts. */
export type LlmType = {
  /** The path of a completion behind the version, for a POST. */
  call: string;
  headers: (key: string | undefined) => Record<string, string>;
  /** Nothing is left to chance: temperature 0, and never a tool. */
  body: (model: string, prompt: string, options: Pick<CompletionOptions, "system" | "maxTokens">) => object;
  read: (answer: Record<string, unknown>) => Reading;
  /** Whether the list of models says if the key is good; where it does not, the shortest of messages does. */
  provesKeyBy: "list" | "message";
};

/** An API of another kind is one row here, and a word in resources/llm.ts. */
export const llmTypes: Readonly<Record<LlmFields["type"], LlmType>> = {
  "openai-compatible": openAiCompatible,
  anthropic,
};
