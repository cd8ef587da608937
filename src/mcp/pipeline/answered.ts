import { messageOf } from "../../lib/problem.ts";
import { eachMember } from "../spans.ts";
import type { Parts, ResultPlace } from "./cache/cache.ts";
import { pipelineFor, placesOf, type Served, type ShapingOptions } from "./context.ts";
import type { Model, Pipeline } from "./models/model.ts";
import { heldResult, shapeResult } from "./results/result.ts";
import type { ContentType } from "./stage.ts";

/** What a server answered, and of which it is: `server/tool`, a URI, or a prompt's name. */
export type Answered = {
  type: ContentType;
  source: string;
  server: string | undefined;
  result: string;
  /** Nobody could ask for parts of it. */
  isWhole?: boolean;
};

/**
 * Brings what servers answer through the stages of their project. `shaped` is all of them, and throws when they cannot; `hidden` is those that hide
 * things, which look at everything, also where a project's plugin does without stages or fails, and where a client is given no other shape.
 */
export function answersOf(options: ShapingOptions, served: Served, model: Model | undefined) {
  const { models, runner, results, log } = options;
  const { project, servers } = served.admission;
  const pipelineOf = (server: string | undefined) => pipelineFor(project, server, models, model);

  /** Where what came in parts is kept. What was kept before something was hidden is not found any more: it may hold just that. */
  function placeOf(source: string, server: string | undefined): ResultPlace {
    const pipeline = pipelineOf(server);
    const { stages } = (pipeline && runner.hidingOf(pipeline)) ?? { stages: [] };
    const hidden = stages.length === 0 ? "" : ` ${JSON.stringify(stages)}`;
    return placesOf(served, source + hidden, undefined).place;
  }

  async function through(pipeline: Pipeline, { type, source, server, result }: Answered): Promise<string> {
    const serverId = servers.find(({ name }) => name === server)?.id;
    const { scope } = placesOf(served, source, serverId);
    const place = placeOf(source, server);
    const shaper = runner.shaper(pipeline, {
      contentType: type,
      sourceName: source,
      projectName: project.name,
      sessionId: served.sessionId,
      llm: options.llmOf(project.fields),
      cache: options.cacheOf(scope),
      scope,
      signal: served.signal,
    });
    return await shapeResult({ type, result, shaper, keep: (parts: Parts) => results.keep(place, parts) });
  }

  const applies = (pipeline: Pipeline | undefined, type: ContentType): pipeline is Pipeline =>
    pipeline?.appliesTo.includes(type) === true && pipeline.stages.length > 0;

  async function hidden(answered: Answered): Promise<string> {
    const { type, server, result } = answered;
    const pipeline = pipelineOf(server);
    const hiding = pipeline && runner.hidingOf(pipeline);
    if (!applies(hiding, type)) return result;
    try {
      return await through(hiding, answered);
    } catch (error) {
      log.warn("a result was held back", { source: answered.source, reason: messageOf(error) });
      return heldResult(type, result, eachMember(result), heldBack);
    }
  }

  return {
    pipelineOf,
    placeOf,
    hidden,
    /** The same of a prompt's text that is given elsewhere than as a prompt. */
    async hiddenText(prompt: string, text: string): Promise<string> {
      const result = JSON.stringify({ messages: [{ role: "user", content: { type: "text", text } }] });
      const shown = await hidden({ type: "prompt", source: prompt, server: undefined, result });
      const { messages } = JSON.parse(shown) as { messages: { content: { text: string } }[] };
      return messages[0]?.content.text ?? "";
    },
    async shaped(answered: Answered): Promise<string> {
      if (answered.isWhole === true) return await hidden(answered);
      const pipeline = pipelineOf(answered.server);
      const { type, result } = answered;
      return applies(pipeline, type) && result.length > runner.leavesOf(pipeline)
        ? await through(pipeline, answered)
        : result;
    },
    /** Whether there is anything that hides. */
    hides: (): boolean =>
      [undefined, ...servers.map(({ name }) => name)].some((server) => {
        const pipeline = pipelineOf(server);
        return pipeline !== undefined && runner.hidingOf(pipeline) !== undefined;
      }),
  };
}

export type Answers = ReturnType<typeof answersOf>;

const heldBack =
  "This was held back: what hides what must not be seen could not look through it. The log of mcpctl says why.";
