import type { Offered, Step } from "./model.ts";

// biome-ignore lint/suspicious/noExplicitAny: four vendors' requests, of which a few members are looked at.
type Body = any;

/** How one vendor's clients speak to a model: what they offer, what came back of calls, and both shapes of an answer. */
type Dialect = {
  path: RegExp;
  tools: (body: Body) => Offered[];
  /** The texts of tool results since the person last spoke. */
  results: (body: Body) => string[];
  answer: (step: Step) => { whole: object; events: [string, object | string][] };
};

const flat = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
const openAiUsage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };

const anthropic: Dialect = {
  path: /\/v1\/messages$/,
  tools: ({ tools = [] }) => tools.map(({ name }: Body) => ({ name })),
  results: ({ messages = [] }) =>
    messages.flatMap(({ content }: Body) =>
      Array.isArray(content)
        ? content.filter(({ type }) => type === "tool_result").map((part) => flat(part.content))
        : [],
    ),
  answer: (step) => {
    const isCall = "call" in step;
    const block = isCall
      ? { type: "tool_use", id: `toolu_${crypto.randomUUID()}`, name: step.call.name, input: step.call.args }
      : { type: "text", text: step.text };
    const delta = isCall
      ? { type: "input_json_delta", partial_json: JSON.stringify(step.call.args) }
      : { type: "text_delta", text: step.text };
    const message = { id: "msg_1", type: "message", role: "assistant", model: "scripted", stop_sequence: null, usage };
    const stop_reason = isCall ? "tool_use" : "end_turn";
    return {
      whole: { ...message, content: [block], stop_reason },
      events: [
        ["message_start", { type: "message_start", message: { ...message, content: [], stop_reason: null } }],
        [
          "content_block_start",
          {
            type: "content_block_start",
            index: 0,
            content_block: isCall ? { ...block, input: {} } : { type: "text", text: "" },
          },
        ],
        ["content_block_delta", { type: "content_block_delta", index: 0, delta }],
        ["content_block_stop", { type: "content_block_stop", index: 0 }],
        ["message_delta", { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage }],
        ["message_stop", { type: "message_stop" }],
      ],
    };
  },
};

const completions: Dialect = {
  path: /\/chat\/completions$/,
  tools: ({ tools = [] }) => tools.map(({ function: { name } }: Body) => ({ name })),
  results: ({ messages = [] }) =>
    messages.filter(({ role }: Body) => role === "tool").map(({ content }: Body) => flat(content)),
  answer: (step) => {
    const call = (at: object) =>
      "call" in step
        ? {
            tool_calls: [
              {
                ...at,
                id: "call_1",
                type: "function",
                function: { name: step.call.name, arguments: JSON.stringify(step.call.args) },
              },
            ],
          }
        : { content: step.text };
    const finish_reason = "call" in step ? "tool_calls" : "stop";
    const head = { id: "chat_1", created: 1, model: "scripted" };
    const chunk = (choices: object[], more: object = {}) => ({
      ...head,
      object: "chat.completion.chunk",
      choices,
      ...more,
    });
    return {
      whole: {
        ...head,
        object: "chat.completion",
        choices: [{ index: 0, finish_reason, message: { role: "assistant", content: null, ...call({}) } }],
        usage: openAiUsage,
      },
      events: [
        ["", chunk([{ index: 0, delta: { role: "assistant", ...call({ index: 0 }) }, finish_reason: null }])],
        ["", chunk([{ index: 0, delta: {}, finish_reason }])],
        ["", chunk([], { usage: openAiUsage })],
        ["", "[DONE]"],
      ],
    };
  },
};

const responses: Dialect = {
  path: /\/responses$/,
  tools: ({ tools = [] }) =>
    tools.flatMap((tool: Body) =>
      tool.type === "namespace"
        ? tool.tools.map(({ name }: Body) => ({ name, namespace: tool.name }))
        : [{ name: tool.name ?? tool.type }],
    ),
  results: ({ input = [] }) =>
    (Array.isArray(input) ? input : [])
      .filter(({ type }: Body) => type === "function_call_output")
      .map(({ output }: Body) => flat(output)),
  answer: (step) => {
    const item =
      "call" in step
        ? {
            type: "function_call",
            id: "fc_1",
            call_id: `call_${crypto.randomUUID()}`,
            name: step.call.name,
            arguments: JSON.stringify(step.call.args),
            status: "completed",
            ...(step.call.namespace === undefined ? {} : { namespace: step.call.namespace }),
          }
        : {
            type: "message",
            id: "msg_1",
            role: "assistant",
            status: "completed",
            content: [{ type: "output_text", text: step.text, annotations: [] }],
          };
    const response = {
      id: "resp_1",
      object: "response",
      created_at: 1,
      model: "scripted",
      status: "completed",
      output: [item],
      usage: { ...usage, input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } },
    };
    return {
      whole: response,
      events: [
        [
          "response.created",
          {
            type: "response.created",
            sequence_number: 0,
            response: { ...response, status: "in_progress", output: [] },
          },
        ],
        [
          "response.output_item.added",
          {
            type: "response.output_item.added",
            sequence_number: 1,
            output_index: 0,
            item: { ...item, status: "in_progress" },
          },
        ],
        ["response.output_item.done", { type: "response.output_item.done", sequence_number: 2, output_index: 0, item }],
        ["response.completed", { type: "response.completed", sequence_number: 3, response }],
      ],
    };
  },
};

const gemini: Dialect = {
  path: /:(streamG|g)enerateContent$/,
  tools: ({ tools = [] }) =>
    tools.flatMap(({ functionDeclarations = [] }: Body) => functionDeclarations.map(({ name }: Body) => ({ name }))),
  results: ({ contents = [] }) =>
    contents.flatMap(({ parts = [] }: Body) =>
      parts
        .filter((part: Body) => part.functionResponse !== undefined)
        .map((part: Body) => flat(part.functionResponse.response)),
    ),
  answer: (step) => {
    const part =
      "call" in step ? { functionCall: { name: step.call.name, args: step.call.args } } : { text: step.text };
    const whole = {
      candidates: [{ index: 0, content: { role: "model", parts: [part] }, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    };
    return { whole, events: [["", whole]] };
  },
};

export const dialects: readonly Dialect[] = [anthropic, completions, responses, gemini];
