import { isObject } from "../../../lib/object.ts";
import { messageOf, Problem } from "../../../lib/problem.ts";
import type { SystemTexts } from "../../../resources/system-prompts.ts";
import { textResult } from "../../answers.ts";
import { keywordsOfCall, taskIn } from "../../gate/asked.ts";
import { createBriefings, type Patience } from "../../gate/briefings.ts";
import type { Openings, Place } from "../../gate/openings.ts";
import { propose } from "../../gate/proposing.ts";
import { beginTool, type Definition, names, proposeTool, readTool } from "../../gate/tools.ts";
import type { PromptShelf } from "../../prompts/shelf.ts";
import {
  type BeforeCall,
  definePlugin,
  type Plugin,
  type PluginContext,
  type Shown,
  type ToolCall,
} from "../plugin.ts";
import { shownTool } from "../tool-list.ts";

type Options = { shelf: PromptShelf; openings: Openings; texts: SystemTexts; patience?: Patience };

const defaultOpenSeconds = 3_600;
const usualPatience: Patience = { llm: 10_000, texts: 5_000 };
/** Somebody waits for a tool's answer, and asked for no prompts. */
const longestBeforeCallMs = 2_000;
/** Names in one row of the audit log. */
const mostNoted = 100;

/** Tools are closed until the client has said what it is about, and was given the prompts that fit. A convenience: rights are elsewhere. */
export function createGate({ shelf, openings, texts, patience = usualPatience }: Options): Plugin {
  const briefings = createBriefings({ shelf, openings, texts });

  const hasPrompts = ({ project }: PluginContext): boolean => shelf.of(project.name).length > 0;

  /** Never for who would not learn that it has opened, nor where there is nothing to deliver. */
  const isClosed = (context: PluginContext): boolean =>
    context.seesChanges && !openings.isOpen(placeOf(context)) && hasPrompts(context);

  /** Answers whether it was closed, and this opened it. Nothing is waited for: of several calls at once one has opened it. */
  function open(context: PluginContext, tags: readonly string[]): boolean {
    const wasClosed = isClosed(context);
    openings.open(placeOf(context), tags, context.project.fields.gate?.openSeconds ?? defaultOpenSeconds);
    context.began(openings.tagsOf(placeOf(context)));
    if (wasClosed) context.listChanged("tools");
    return wasClosed;
  }

  const note = (context: PluginContext, by: "begin_session" | "call", tags: readonly string[], prompts: string[]) =>
    context.audit("gate.open", { by, tags: tags.length, prompts: prompts.slice(0, mostNoted) });

  async function begin(context: PluginContext, args: Record<string, unknown>): Promise<string> {
    const task = taskIn(args, asksFor(context));
    const isOpened = open(context, task.tags);
    const { text, delivered } = await briefings.forTask(context, placeOf(context), task, patience);
    if (isOpened) note(context, "begin_session", task.tags, delivered);
    return join(text, await briefings.opened(context, listed(context).length));
  }

  /** A tool was called before begin_session: what its client should have read comes before the answer. */
  async function prefaceOf(context: PluginContext, call: ToolCall): Promise<string> {
    const tool = (await context.discover()).find(({ name }) => name === call.name);
    const { tags, kept } = keywordsOfCall(call.tool, descriptionIn(tool), call.argumentsText);
    open(context, kept);
    const task = { description: undefined, tags };
    const soon = { ...patience, texts: Math.min(patience.texts, longestBeforeCallMs) };
    const { text, delivered } = await briefings.forTask(context, placeOf(context), task, soon);
    note(context, "call", tags, delivered);
    const preface = texts("gate-preface", { tool: call.name });
    return join(preface, text, await briefings.opened(context, listed(context).length));
  }

  /** Those that are listed beside the servers'. */
  const listed = (context: PluginContext): Definition[] => (hasPrompts(context) ? ownTools(context) : []);

  const ownTools = ({ readOnly }: PluginContext): Definition[] =>
    readOnly ? [readTool] : [readTool, proposeTool(texts("gate-propose"))];

  const calls: Record<string, (context: PluginContext, args: Record<string, unknown>) => Promise<string>> = {
    [names.begin]: begin,
    [names.read]: (context, args) => briefings.reading(context, placeOf(context), args, patience),
    [names.propose]: (context, args) => propose(shelf, context, args),
  };

  /** A result whatever happens: what is wrong, and what to call instead. */
  async function answerTo(name: string, context: PluginContext, args: unknown): Promise<string> {
    try {
      return textResult((await calls[name]?.(context, isObject(args) ? args : {})) ?? "");
    } catch (error) {
      if (!(error instanceof Problem))
        context.log.warn("a tool of the gate failed", { name, reason: messageOf(error) });
      return textResult(error instanceof Problem ? join(error.message, error.hint ?? "") : `${name} failed`, true);
    }
  }

  return definePlugin({
    name: "gate",
    description: "begin_session first: prompts that fit the task, then the tools. A convenience: rights are elsewhere",
    hooks: {
      onSessionCreate(context) {
        // One that began before, in another session or before a restart.
        context.began(openings.tagsOf(placeOf(context)));
        for (const tool of [beginTool(asksFor(context)), ...ownTools(context)])
          context.registerTool({
            ...tool,
            call: (args, caller) => answerTo(tool.name, caller, args),
          });
      },
      onInitialize(context, instructions) {
        if (!isClosed(context)) return instructions;
        return join(instructions ?? "", texts("gate-instructions", { how: hows[asksFor(context)] }));
      },
      onToolsList(context, tools) {
        const others = tools.filter(({ name, server }) => server !== undefined || !Object.hasOwn(calls, name));
        if (isClosed(context)) return [shownTool(beginTool(asksFor(context)))];
        // A server's tool keeps its name.
        const taken = new Set(others.map(({ name }) => name));
        return [
          ...others,
          ...listed(context)
            .map(shownTool)
            .filter(({ name }) => !taken.has(name)),
        ];
      },
      async onToolCallBefore(context, call): Promise<BeforeCall | undefined> {
        if (!isClosed(context)) return undefined;
        // The list holds ours alone, so that ours is meant.
        if (call.name === names.begin)
          return { answer: await answerTo(call.name, context, JSON.parse(call.argumentsText)) };
        open(context, []);
        try {
          return { preface: await prefaceOf(context, call) };
        } catch (error) {
          context.log.warn("a call opened the gate, and goes on without its prompts", { reason: messageOf(error) });
          return undefined;
        }
      },
    },
  });
}

/** A caller by id, and one session of it. */
const placeOf = ({ project, principal, identity: { id, isSession } }: PluginContext): Place => ({
  project: project.id,
  holders: isSession ? [`${principal} ${id}`, principal] : [principal],
});

const asksFor = ({ llm }: PluginContext): "description" | "tags" =>
  llm?.available("fast") === true ? "description" : "tags";

const hows = {
  description: "with a `description` of what you are going to do",
  tags: "with `tags`: 3 to 7 keywords of what you are going to do",
} as const;

const join = (...parts: string[]): string => parts.filter((part) => part !== "").join("\n\n");

function descriptionIn(tool: Shown | undefined): string {
  const { description } = JSON.parse(tool?.text ?? "{}") as { description?: unknown };
  return typeof description === "string" ? description : "";
}
