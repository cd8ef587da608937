import { printable } from "../lib/printable.ts";
import type { Resource } from "../resources/define.ts";
import { PromptRequest } from "../resources/prompt-request.ts";
import { quoted } from "./output.ts";
import { usage } from "./parse.ts";
import type { Settling } from "./settle.ts";

/** A promptrequest as it is settled: its whole text is shown, since that is what models will be told. */
export const promptRequests: Settling = {
  kind: PromptRequest,
  flags: ["replace"],
  chosen: async (action, names, args, client) => {
    if (names.length === 0) throw usage(action, "which promptrequest?");
    return await Promise.all(names.map((name) => client.get(PromptRequest, name, args.flag("project"))));
  },
  shown: (request) => [heading(request), quoted(request["content"])].join("\n"),
  body: (_, action, args) => (action === "approve" && args.has("replace") ? { replace: true } : {}),
  next: ({ name, project }) =>
    `Then mcpctl approve promptrequest ${name} -p ${project}, or mcpctl reject promptrequest ${name} -p ${project}`,
};

function heading({ name, project, priority, proposedBy, reason }: Resource): string {
  const why = reason === undefined ? "" : `: ${String(reason)}`;
  return printable(
    `prompt ${name} for ${project}, priority ${priority}, proposed by ${proposedBy ?? "somebody"}${why}`,
  );
}
