import { isObject } from "../lib/object.ts";
import { countIn, readingOf, textIn } from "./answer.ts";
import type { LlmType } from "./types.ts";

/** Chat completions as OpenAI has them and vLLM, llama.cpp, Ollama, LM Studio and most gateways take them. */
export const openAiCompatible: LlmType = {
  call: "chat/completions",
  provesKeyBy: "list",
  headers: (key) => (key === undefined ? {} : { authorization: `Bearer ${key}` }),
  body: (model, prompt, { system, maxTokens }) => ({
    model,
    messages: [
      ...(system === undefined ? [] : [{ role: "system", content: system }]),
      { role: "user", content: prompt },
    ],
    temperature: 0,
    stream: false,
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  }),
  read({ choices, usage }) {
    const [choice] = Array.isArray(choices) ? choices : [];
    const message: unknown = choice?.message;
    if (!isObject(message)) return { why: "its answer is no chat completion" };
    const { content, reasoning_content, reasoning, tool_calls, function_call } = message;
    const tokens = isObject(usage) ? usage : {};
    return readingOf({
      content: textIn(content),
      // vLLM and llama.cpp say the first, OpenRouter, Ollama and newer vLLM the second.
      reasoning: textIn(reasoning_content) || textIn(reasoning),
      hasToolCalls: (Array.isArray(tool_calls) && tool_calls.length > 0) || isObject(function_call),
      isCut: choice.finish_reason === "length",
      used: { prompt: countIn(tokens["prompt_tokens"]), completion: countIn(tokens["completion_tokens"]) },
    });
  },
};
