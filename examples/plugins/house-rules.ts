/**
 * What a household lets its models do: nothing is deleted at night, addresses are not shown, and there is a tool that tells the time.
 * Copy it to the folder `plugins` of the data folder, and name it in a project: `proxyModel: house-rules`.
 */
const isNight = (hour: number) => hour >= 22 || hour < 6;

export default {
  description: "Nothing is deleted at night; a tool that tells the time",
  extends: ["content-pipeline"],
  hooks: {
    onSessionCreate(ctx) {
      ctx.registerTool({
        name: "house_time",
        description: "What time it is at home",
        inputSchema: { type: "object", properties: {} },
        call: async () => new Date().toISOString(),
      });
    },

    onInitialize: (_ctx, instructions = "") => `${instructions}\nAt night nothing is deleted.`.trim(),

    onToolsList: (_ctx, tools) =>
      tools.map((tool) =>
        tool.name.includes("delete")
          ? { ...tool, description: `${tool.description ?? ""} (not at night)`.trim() }
          : tool,
      ),

    onToolCallBefore(ctx, call) {
      if (!call.tool.includes("delete") || !isNight(new Date().getHours())) return;
      ctx.audit("kept from deleting", { tool: `${call.server}/${call.tool}` });
      return { answer: "Nothing is deleted at night. Ask again after six." };
    },
  },
};
