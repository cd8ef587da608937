import { messageOf, Problem } from "../../lib/problem.ts";
import { type Outcome, textResult } from "../answers.ts";
import type { NamedTarget } from "../catalog/view.ts";
import { memberOf, withMembers } from "../spans.ts";
import { placesOf, Unfinished } from "./context.ts";
import type { BeforeCall } from "./plugin.ts";
import { prefaced, withPreface } from "./preface.ts";
import { wantedIn, withoutPartArguments } from "./results/part-arguments.ts";
import type { Shaped } from "./shape.ts";

export type Go = (paramsText: string) => Promise<Outcome>;
export type Asked = { name: string; server: NamedTarget["server"]; key: string; text?: string };
/** What was read, and of which server; without one it is the project's own. */
export type Read = { name: string; server?: NamedTarget["server"] };

/** What becomes of a call before and after it, and of what was read. */
export function callsOf(request: Shaped) {
  const { options, served, model, identity, context, hook, failed, pipelineOf } = request;
  const { hooks } = model;

  /** An answer in parts, without a server; undefined for an ordinary call. */
  async function partOf({ text }: Asked, source: string, paramsText: string): Promise<string | undefined> {
    const asked = wantedIn(memberOf(paramsText, "arguments") ?? "{}", text);
    if (asked === undefined) return undefined;
    return await options.results.read(placesOf(served, source, undefined).place, asked.id, asked.wanted);
  }

  async function toolCall(asked: Asked, paramsText: string, go: Go): Promise<Outcome> {
    const { name, server, key } = asked;
    const source = `${server.name}/${key}`;
    const isShaped = pipelineOf(server.name) !== undefined;
    if (isShaped) {
      try {
        const part = await partOf(asked, source, paramsText);
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
    const after = hooks.onToolCallAfter ?? ((...given) => given[0].shape("toolResult", source, server.name, given[2]));
    const result = await hook("onToolCallAfter", () => after(context, call, outcome.result), outcome.result);
    return { ...outcome, result: prefaced(result, before?.preface) };
  }

  return {
    toolCall,
    async ownTool(name: string, paramsText: string): Promise<Outcome | undefined> {
      const tool = identity.tools.get(name);
      if (tool === undefined) return undefined;
      try {
        const argumentsText = memberOf(paramsText, "arguments") ?? "{}";
        const args = JSON.parse(argumentsText) as Record<string, unknown>;
        return { result: await tool.call(args, context, argumentsText) };
      } catch (error) {
        if (error instanceof Unfinished) return error.outcome;
        const hint = error instanceof Problem && error.hint !== undefined ? `\n\n${error.hint}` : "";
        return textOutcome(messageOf(error) + hint, true);
      }
    },
    async promptGet({ name, server }: Read, paramsText: string, go: Go): Promise<Outcome> {
      const get = { name, server: server?.name };
      return await read(go, paramsText, (result) =>
        hook("onPromptGet", () => hooks.onPromptGet?.(context, get, result), result),
      );
    },
    async resourceRead({ name: uri, server }: Read, paramsText: string, go: Go): Promise<Outcome> {
      const of = { uri, server: server?.name };
      return await read(go, paramsText, (result) =>
        hook("onResourceRead", () => hooks.onResourceRead?.(context, of, result), result),
      );
    },
  };
}

/** What is no complete result goes its way as it is. */
async function read(go: Go, paramsText: string, shape: (result: string) => Promise<string>): Promise<Outcome> {
  const outcome = await go(paramsText);
  if ("error" in outcome || outcome.type !== undefined) return outcome;
  return { ...outcome, result: await shape(outcome.result) };
}

const textOutcome = (text: string, isError = false): Outcome => ({ result: textResult(text, isError) });
