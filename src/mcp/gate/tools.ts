/** The gate's own tools, as they are listed. */
export const names = { begin: "begin_session", read: "read_prompts", propose: "propose_prompt" } as const;

export type Definition = { name: string; description: string; inputSchema: object };

const words = (description: string, bounds: object = {}) => ({
  type: "array",
  items: { type: "string" },
  description,
  ...bounds,
});

/** What is asked for depends on whether an LLM can choose by it. */
export const beginTool = (asks: "description" | "tags"): Definition => ({
  name: names.begin,
  description:
    "Call this first: say what you are going to do. It answers with what this project wants you to know for it, and its tools are listed from then on.",
  inputSchema:
    asks === "description"
      ? {
          type: "object",
          properties: {
            description: { type: "string", description: "What you are going to do, in a sentence or two" },
          },
          required: ["description"],
        }
      : {
          type: "object",
          properties: {
            tags: words("3 to 7 keywords of what you are going to do", { minItems: 3, maxItems: 7 }),
          },
          required: ["tags"],
        },
});

export const readTool: Definition = {
  name: names.read,
  description: "Gives the whole texts of this project's prompts by their names, or those that fit some keywords.",
  inputSchema: {
    type: "object",
    properties: { names: words("Names, as the list of prompts says them"), tags: words("Keywords") },
  },
};

export const proposeTool = (description: string): Definition => ({
  name: names.propose,
  description,
  inputSchema: {
    type: "object",
    properties: {
      name: { type: "string", description: "Lower-case letters, digits and hyphens" },
      content: { type: "string", description: "The text, at most 64 KiB" },
      priority: { type: "integer", minimum: 1, maximum: 9, description: "How important it is; 5" },
      reason: { type: "string", description: "Why it should be known" },
    },
    required: ["name", "content"],
  },
});
