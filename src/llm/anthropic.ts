import { isObject } from "../lib/object.ts";
import { countIn, readingOf } from "./answer.ts";
import type { LlmType } from "./types.ts";

/** It is demanded there, and all of its models take it. */
const mostTokens = 4_096;

/** Anthropic's messages, which some gateways and llama.cpp speak as well. */
export const anthropic: LlmType = {
  call: "messages",
  // Compatible gateways have no list, or give it to anybody.
  provesKeyBy: "message",
  headers: (key) => ({ "anthropic-version": "2023-06-01", ...(key === undefined ? {} : { "x-api-key": key }) }),
  body: (model, prompt, { system, maxTokens = mostTokens }) => ({
    model,
    max_tokens: maxTokens,
    temperature: 0,
    ...(system === undefined ? {} : { system }),
    messages: [{ role: "user", content: prompt }],
  }),
  read({ content, stop_reason, usage }) {
    if (!Array.isArray(content)) return { why: "its answer is no message" };
    const blocks = content.filter(isObject);
    const all = (type: string, field: string) =>
      blocks
        .flatMap((block) => (block["type"] === type && typeof block[field] === "string" ? [block[field]] : []))
        .join("");
    const tokens = isObject(usage) ? usage : {};
    return readingOf({
      content: all("text", "text"),
      reasoning: all("thinking", "thinking"),
      hasToolCalls: blocks.some(({ type }) => type === "tool_use"),
      isCut: stop_reason === "max_tokens",
      used: { prompt: countIn(tokens["input_tokens"]), completion: countIn(tokens["output_tokens"]) },
    });
  },
};
