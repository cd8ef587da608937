import { Problem } from "../../lib/problem.ts";
import type { PluginContext } from "../pipeline/plugin.ts";
import type { PromptShelf } from "../prompts/shelf.ts";
import { proposalIn } from "./asked.ts";

/** What a model is told that proposed a prompt. The shelf bounds how many. @throws Problem `forbidden`, `invalid`, `conflict` */
export async function propose(
  shelf: PromptShelf,
  { project, actor, readOnly }: PluginContext,
  args: Record<string, unknown>,
): Promise<string> {
  if (readOnly)
    throw new Problem("forbidden", "This token is read-only, and a proposal would change something", {
      hint: "tell the user what you wanted to propose",
    });
  const name = await shelf.propose(project.name, actor, proposalIn(args));
  return `It is proposed as "${name}". A person decides whether it becomes a prompt; nobody else sees it before.`;
}
