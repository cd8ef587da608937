import type { Outcome } from "../answers.ts";
import { type Answered, answersOf } from "./answered.ts";
import type { Served, ShapingOptions } from "./context.ts";
import type { Shape } from "./shape.ts";

/**
 * For the endpoints that show servers as they are: what a project hides, it hides there too. Whoever holds a token of the project may use each of them,
 * and would read at the one what is hidden at the other. Undefined where nothing is hidden.
 */
export function hidingOf(options: ShapingOptions, served: Served): Shape | undefined {
  const { proxyModel } = served.admission.project.fields;
  const answers = answersOf(options, served, proxyModel === undefined ? undefined : options.models.get(proxyModel));
  if (!answers.hides()) return undefined;

  async function hidden(outcome: Outcome, about: Omit<Answered, "result">): Promise<Outcome> {
    if ("error" in outcome || outcome.type !== undefined) return outcome;
    return { ...outcome, result: await answers.hidden({ ...about, result: outcome.result }) };
  }

  return {
    instructions: async (own) => own,
    tools: async (items) => items,
    others: async (_, items) => items,
    ownTool: async () => undefined,
    toolCall: async ({ server, key }, paramsText, go) =>
      await hidden(await go(paramsText), { type: "toolResult", source: `${server.name}/${key}`, server: server.name }),
    promptGet: async ({ name, server }, paramsText, go) =>
      await hidden(await go(paramsText), { type: "prompt", source: name, server: server?.name }),
    resourceRead: async ({ name, server }, paramsText, go) =>
      await hidden(await go(paramsText), { type: "resource", source: name, server: server?.name }),
  };
}
