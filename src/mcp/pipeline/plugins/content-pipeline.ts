import { definePlugin } from "../plugin.ts";

/** Brings what comes back through stages: those of the model that extends it, else its own. */
export const contentPipeline = definePlugin({
  name: "content-pipeline",
  description: "Long results come as an index or in pages",
  hooks: {
    onToolCallAfter: (context, { server, tool }, result) =>
      context.shape("toolResult", `${server}/${tool}`, server, result),
    onResourceRead: (context, { uri, server }, result) => context.shape("resource", uri, server, result),
    onPromptGet: (context, { name, server }, result) => context.shape("prompt", name, server, result),
  },
});
