import type { Clock } from "../../lib/clock.ts";
import { Problem } from "../../lib/problem.ts";
import type { PluginContext } from "../pipeline/plugin.ts";
import type { PromptShelf } from "../prompts/shelf.ts";
import { proposalIn } from "./asked.ts";

const most = 20;
const withinMs = 3_600_000;
const mostCallers = 1_000;

/** Prompts that models propose. A person has to read them all, so that one caller may propose so many an hour. */
export function createProposing(shelf: PromptShelf, clock: Clock) {
  const proposed = new Map<string, number[]>();

  /** @throws Problem `unavailable` */
  function note(caller: string): void {
    const now = clock.now();
    const lately = (proposed.get(caller) ?? []).filter((at) => now - at < withinMs);
    if (lately.length >= most)
      throw new Problem("unavailable", `${most} prompts were proposed within an hour: a person has to read them all`, {
        hint: "propose later what matters most",
      });
    proposed.delete(caller);
    proposed.set(caller, [...lately, now]);
    const [longestQuiet] = proposed.keys();
    if (proposed.size > mostCallers && longestQuiet !== undefined) proposed.delete(longestQuiet);
  }

  /** What its model is told. @throws Problem `forbidden`, `invalid`, `conflict`, `unavailable` */
  return async ({ project, principal, actor, readOnly }: PluginContext, args: Record<string, unknown>) => {
    if (readOnly)
      throw new Problem("forbidden", "This token is read-only, and a proposal would change something", {
        hint: "tell the user what you wanted to propose",
      });
    const proposal = proposalIn(args);
    note(`${project.id} ${principal}`);
    const name = await shelf.propose(project.name, actor, proposal);
    return `It is proposed as "${name}". A person decides whether it becomes a prompt; nobody else sees it before.`;
  };
}
