import { expect, test } from "bun:test";
import fc from "fast-check";
import { readingOf } from "../../src/llm/answer.ts";
import { openAiCompatible } from "../../src/llm/openai-compatible.ts";

const parts = { content: "", reasoning: "", hasToolCalls: false, isCut: false, used: { prompt: 0, completion: 0 } };
const textOf = (given: Partial<typeof parts>) => {
  const reading = readingOf({ ...parts, ...given });
  return "why" in reading ? reading : reading.text;
};

test.each([
  ["plain", { content: " said \n" }, "said"],
  ["with thoughts before it", { content: "<think>\nhm\n</think>\n\nsaid" }, "said"],
  ["with thoughts whose beginning is in the prompt", { content: "hm, well</think>said" }, "said"],
  ["with thoughts that never end, and words before", { content: "said<think>but" }, "said"],
  ["with several thoughts", { content: "<think>a</think>said<think>b</think> so" }, "said so"],
  ["with nothing but thoughts", { content: "<think>hm</think>" }, "hm"],
  ["cut while it thought", { content: "<think>hm", isCut: true }, "hm…"],
  ["with nothing but reasoning", { reasoning: "hm" }, "hm"],
  ["with reasoning beside it", { content: "said", reasoning: "hm" }, "said"],
  ["cut at the bound", { content: "said", isCut: true }, "said…"],
  ["empty", {}, { why: "its answer is empty" }],
  ["blank", { content: " \n", reasoning: " " }, { why: "its answer is empty" }],
  [
    "with a call of a tool",
    { content: "said", hasToolCalls: true },
    { why: "it answered with calls of tools, which it was not given" },
  ],
])("an answer %s", (_, given, read) => {
  expect(textOf(given)).toEqual(read as never);
});

test("whatever an answer holds, there is text to read or a reason why not", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (message, usage, content) => {
      for (const choices of [message, [message], [{ message }], [{ message: { content } }]]) {
        const reading = openAiCompatible.read({ choices, usage });
        if ("why" in reading) expect(reading.why).not.toBe("");
        else expect(reading.text).not.toBe("");
      }
    }),
  );
});

test("a megabyte of thoughts that are opened and never closed is read like any other", () => {
  expect(textOf({ content: `said${"<think>".repeat(150_000)}` })).toBe("said");
  expect(textOf({ content: "</think".repeat(150_000) })).toHaveLength(1_050_000);
});
