import { messageOf, Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome, textResult } from "../answers.ts";
import type { NamedTarget } from "../catalog/view.ts";
import { codes } from "../protocol.ts";
import { memberOf, withMembers } from "../spans.ts";
import type { Answered } from "./answered.ts";
import { Unfinished } from "./context.ts";
import type { BeforeCall, VirtualTool } from "./plugin.ts";
import { contentPipeline } from "./plugins/content-pipeline.ts";
import { prefaced, withPreface } from "./preface.ts";
import { takesPartArguments, wantedIn, withoutPartArguments } from "./results/part-arguments.ts";
import type { Shaped } from "./shape.ts";

export type Go = (paramsText: string) => Promise<Outcome>;
export type Asked = { name: string; server: NamedTarget["server"]; key: string; text?: string };
/** What was read, and of which server; without one it is the project's own. */
export type Read = { name: string; server?: NamedTarget["server"] };

/** What becomes of a call before and after it, and of what was read. */
export function callsOf(request: Shaped) {
  const { options, served, model, identity, context, hook, failed, answers } = request;
  const { hooks } = model;

  /** An answer in parts, without a server; undefined for an ordinary call. `tool` is the definition of what is called, if it is a tool. */
  async function partOf(
    source: string,
    server: string | undefined,
    paramsText: string,
    tool?: string,
  ): Promise<string | undefined> {
    const asked = wantedIn(memberOf(paramsText, "arguments") ?? "{}", tool);
    if (asked === undefined) return undefined;
    return await options.results.read(answers.placeOf(source, server), asked.id, asked.wanted);
  }

  /** What becomes of an answer: what the hook makes of it once what hides things has looked at it, else what the stages do. */
  async function after(
    name: "onToolCallAfter" | "onResourceRead" | "onPromptGet",
    answered: Answered,
    run: ((result: string) => string | Promise<string>) | undefined,
  ): Promise<string> {
    if (run !== undefined && model.origin[name] !== contentPipeline.name) {
      const seen = await answers.hidden(answered);
      return await hook(name, () => run(seen), seen);
    }
    try {
      return await answers.shaped(answered);
    } catch (error) {
      failed(name, error);
      return await answers.hidden(answered);
    }
  }

  async function calledOwn(tool: VirtualTool, paramsText: string): Promise<Outcome> {
    try {
      const argumentsText = memberOf(paramsText, "arguments") ?? "{}";
      const args = JSON.parse(argumentsText) as Record<string, unknown>;
      return { result: await tool.call(args, context, argumentsText) };
    } catch (error) {
      if (error instanceof Unfinished) return error.outcome;
      const hint = error instanceof Problem && error.hint !== undefined ? `\n\n${error.hint}` : "";
      return textOutcome(messageOf(error) + hint, true);
    }
  }

  async function toolCall(asked: Asked, paramsText: string, go: Go): Promise<Outcome> {
    const { name, server, key } = asked;
    const source = `${server.name}/${key}`;
    const isShaped = answers.pipelineOf(server.name) !== undefined && takesPartArguments(asked.text ?? "{}");
    if (isShaped) {
      try {
        const part = await partOf(source, server.name, paramsText, asked.text);
        if (part !== undefined) return textOutcome(part);
      } catch (error) {
        return textOutcome(messageOf(error), true);
      }
    }
    const plain = isShaped ? withoutPartArguments(paramsText) : paramsText;
    const call = { name, server: server.name, tool: key, argumentsText: memberOf(plain, "arguments") ?? "{}" };
    let before: BeforeCall | undefined;
    try {
      before = await hooks.onToolCallBefore?.(context, call);
    } catch (error) {
      // It may be what was to keep this call from being made.
      failed("onToolCallBefore", error);
      return textOutcome(
        `The plugin of this project failed before the call, which was not made: ${messageOf(error)}`,
        true,
      );
    }
    if (before?.answer !== undefined) return { result: prefaced(before.answer, before.preface) };
    const changed =
      before?.argumentsText === undefined ? plain : withMembers(plain, { arguments: before.argumentsText });
    const outcome = await go(changed);
    options.budget.used(identity.id, name);
    if ("error" in outcome || outcome.type !== undefined) return withPreface(outcome, before?.preface);
    const { onToolCallAfter } = hooks;
    const about = { type: "toolResult", source, server: server.name, isWhole: !isShaped } as const;
    const answered: Answered = { ...about, result: outcome.result };
    const run = onToolCallAfter && ((seen: string) => onToolCallAfter(context, call, seen));
    const result = await after("onToolCallAfter", answered, run);
    return { ...outcome, result: prefaced(result, before?.preface) };
  }

  return {
    toolCall,
    async ownTool(name: string, paramsText: string): Promise<Outcome | undefined> {
      const tool = identity.tools.get(name);
      return tool && (await served.inTurn(() => calledOwn(tool, paramsText)));
    },
    async promptGet({ name, server }: Read, paramsText: string, go: Go): Promise<Outcome> {
      const { onPromptGet } = hooks;
      const get = { name, server: server?.name };
      const isShaped = answers.pipelineOf(server?.name)?.appliesTo.includes("prompt") === true;
      if (isShaped) {
        try {
          const part = await partOf(name, server?.name, paramsText, anyPrompt);
          if (part !== undefined) return { result: messageResult(part) };
        } catch (error) {
          const why = messageOf(error).replace("Call the tool again", "Get this prompt again");
          return errorOutcome(codes.invalidParams, why);
        }
      }
      return await read(go, isShaped ? withoutPartArguments(paramsText) : paramsText, (result) =>
        after(
          "onPromptGet",
          { type: "prompt", source: name, server: server?.name, result },
          onPromptGet && ((seen) => onPromptGet(context, get, seen)),
        ),
      );
    },
    async resourceRead({ name: uri, server }: Read, paramsText: string, go: Go): Promise<Outcome> {
      const { onResourceRead } = hooks;
      const of = { uri, server: server?.name };
      return await read(go, paramsText, (result) =>
        after(
          "onResourceRead",
          { type: "resource", source: uri, server: server?.name, result },
          onResourceRead && ((seen) => onResourceRead(context, of, seen)),
        ),
      );
    },
  };
}

/** A prompt has no schema: any of them takes the words by which parts are asked for. */
const anyPrompt = '{"inputSchema":{}}';

const messageResult = (text: string): string =>
  JSON.stringify({ messages: [{ role: "user", content: { type: "text", text } }] });

/** What is no complete result goes its way as it is. */
async function read(go: Go, paramsText: string, shape: (result: string) => Promise<string>): Promise<Outcome> {
  const outcome = await go(paramsText);
  if ("error" in outcome || outcome.type !== undefined) return outcome;
  return { ...outcome, result: await shape(outcome.result) };
}

const textOutcome = (text: string, isError = false): Outcome => ({ result: textResult(text, isError) });
