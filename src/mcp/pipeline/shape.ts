import type { Log } from "../../lib/log.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome, textResult } from "../answers.ts";
import { budgetOf } from "../budget/budget.ts";
import { isSearchTool, registerSearchTools } from "../budget/search-tools.ts";
import type { Listed, NamedTarget } from "../catalog/view.ts";
import { codes } from "../protocol.ts";
import { elementsOf, memberOf, withMembers } from "../spans.ts";
import { type Answered, answersOf } from "./answered.ts";
import { contextOf, type Served, type ShapingOptions, Unfinished } from "./context.ts";
import type { Identities, Identity } from "./identities.ts";
import type { Model } from "./models/model.ts";
import type { BeforeCall, Hooks, PluginContext, Shown, VirtualTool } from "./plugin.ts";
import { contentPipeline } from "./plugins/content-pipeline.ts";
import { wantedIn, withoutPartArguments } from "./results/part-arguments.ts";
import { offered, shownTool } from "./tool-list.ts";

type Go = (paramsText: string) => Promise<Outcome>;
type Asked = { name: string; server: NamedTarget["server"]; key: string; text?: string };
/** What was read, and of which server; without one it is the project's own. */
type Read = { name: string; server?: NamedTarget["server"] };
type ShownItem = { shown: string };
type OtherItem = ShownItem & { name: string; server?: NamedTarget["server"] };

/** What a project's proxy model makes of one request: of the lists, of a call before and after it, of what was read. */
export type Shape = {
  instructions: (own: string | undefined) => Promise<string | undefined>;
  tools: (items: readonly Listed[]) => Promise<readonly ShownItem[]>;
  others: (list: "prompts" | "resources", items: readonly OtherItem[]) => Promise<readonly ShownItem[]>;
  /** The answer of a tool that no server has; undefined when there is none of this name. */
  ownTool: (name: string, paramsText: string) => Promise<Outcome | undefined>;
  toolCall: (asked: Asked, paramsText: string, go: Go) => Promise<Outcome>;
  promptGet: (asked: Read, paramsText: string, go: Go) => Promise<Outcome>;
  resourceRead: (asked: Read, paramsText: string, go: Go) => Promise<Outcome>;
};

/** Undefined when nothing shapes this project: its requests go their way as if there were no such thing. */
export async function shapeOf(
  options: ShapingOptions,
  identities: Identities,
  served: Served,
): Promise<Shape | undefined> {
  const { fields } = served.admission.project;
  const model = fields.proxyModel === undefined ? undefined : options.models.get(fields.proxyModel);
  const isOfServers = fields.servers.some((entry) => typeof entry !== "string" && entry.proxyModel !== undefined);
  if (model === undefined && !isOfServers && budgetOf(fields.toolBudget) === "off") return undefined;
  return await shaped(options, identities, served, model ?? none);
}

/** That of a project which has a budget alone, or shapes only what single servers answer. */
const none: Model = {
  name: "",
  type: "pipeline",
  source: "built-in",
  description: "",
  parents: [],
  hooks: {},
  origin: {},
  pipeline: undefined,
  fault: undefined,
  version: "",
};

async function shaped(options: ShapingOptions, identities: Identities, served: Served, model: Model): Promise<Shape> {
  const { log, results } = options;
  const answers = answersOf(options, served, model);
  const { pipelineOf } = answers;
  const { project, principal } = served.admission;
  const { hooks } = model;
  const { sessionId } = served;
  const bare =
    sessionId === undefined
      ? { id: `${project.id} ${principal}`, isSession: false }
      : { id: sessionId, isSession: true };
  let isListing = false;

  const contextFor = (identity: Identity): PluginContext =>
    contextOf(options, served, bare, {
      registerTool: (tool) => identities.register(identity, tool),
      discover: async () =>
        isListing ? await serverTools(await served.tools()) : (await hooked(await served.tools())).filter(isOfServer),
      shape: (type, source, server, result) => answers.shaped({ type, source, server, result }),
      began: (hints) => options.budget.begin(identity.id, hints),
    });
  const identity = await identities.of(bare, model, async (fresh) => {
    // A client may call them before it lists anything, as after a restart.
    if (budgetOf(project.fields.toolBudget) !== "off") registerSearchTools(contextFor(fresh));
    await hook(
      "onSessionCreate",
      () => hooks.onSessionCreate?.({ ...contextFor(fresh), callTool: tooEarly }),
      undefined,
    );
  });
  const context = contextFor(identity);

  /** What a hook makes of something; what it was, when there is no such hook or it fails. */
  async function hook<T>(name: keyof Hooks, run: () => T | Promise<T> | undefined, otherwise: T): Promise<T> {
    try {
      return (await run()) ?? otherwise;
    } catch (error) {
      tellFault(log, model, name, error);
      return otherwise;
    }
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
      tellFault(log, model, name, error);
      return await answers.hidden(answered);
    }
  }

  const serverTools = (items: readonly Listed[]): readonly Shown[] =>
    offered(items, (server) => pipelineOf(server)?.appliesTo.includes("toolResult") === true);

  async function hooked(items: readonly Listed[]): Promise<readonly Shown[]> {
    const theirs = serverTools(items);
    const taken = new Set(theirs.map(({ name }) => name));
    // Those that search stand where the budget puts them.
    const own = [...identity.tools.values()].filter((tool) => !taken.has(tool.name) && !isSearchTool(tool));
    const all = own.length === 0 ? theirs : [...own.map(shownTool), ...theirs];
    if (hooks.onToolsList === undefined) return all;
    isListing = true;
    return await hook("onToolsList", () => hooks.onToolsList?.(context, all), all).finally(() => {
      isListing = false;
    });
  }

  /** What of it a model has room for. Of a list without servers' tools, as before a closed gate, there is nothing to leave out. */
  async function afforded(tools: readonly Shown[]): Promise<readonly Shown[]> {
    if (!tools.some(isOfServer)) return tools;
    return (await options.budget.planFor(context, tools, project.fields))?.shown ?? tools;
  }

  /** An answer in parts, without a server; undefined for an ordinary call. */
  async function partOf({ text, server }: Asked, source: string, paramsText: string): Promise<string | undefined> {
    const asked = wantedIn(memberOf(paramsText, "arguments") ?? "{}", text);
    if (asked === undefined) return undefined;
    return await results.read(answers.placeOf(source, server.name), asked.id, asked.wanted);
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
      tellFault(log, model, "onToolCallBefore", error);
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
    const answered: Answered = { type: "toolResult", source, server: server.name, result: outcome.result };
    const result = await after(
      "onToolCallAfter",
      answered,
      onToolCallAfter && ((seen) => onToolCallAfter(context, call, seen)),
    );
    return { ...outcome, result: prefaced(result, before?.preface) };
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

  return {
    instructions: (own) => hook("onInitialize", () => hooks.onInitialize?.(context, own), own),
    async tools(items) {
      return (await afforded(await hooked(items))).map(({ text }) => ({ shown: text }));
    },
    async others(list, items) {
      const all = items.map(({ name, shown, server }) => ({ name, text: shown, server: server?.name }));
      const given = list === "prompts" ? hooks.onPromptsList : hooks.onResourcesList;
      if (given === undefined) return items;
      const shown = await hook(
        list === "prompts" ? "onPromptsList" : "onResourcesList",
        () => given(context, all),
        all as readonly Shown[],
      );
      return shown.map(({ text }) => ({ shown: text }));
    },
    async ownTool(name, paramsText) {
      const tool = identity.tools.get(name);
      return tool && (await served.inTurn(() => calledOwn(tool, paramsText)));
    },
    toolCall,
    async promptGet(asked, paramsText, go) {
      const { name, server } = asked;
      const outcome = await go(paramsText);
      if ("error" in outcome || outcome.type !== undefined) return outcome;
      const { onPromptGet } = hooks;
      const given = { name, server: server?.name };
      const answered: Answered = { type: "prompt", source: name, server: server?.name, result: outcome.result };
      const result = await after("onPromptGet", answered, onPromptGet && ((seen) => onPromptGet(context, given, seen)));
      return { ...outcome, result };
    },
    async resourceRead(asked, paramsText, go) {
      const { name: uri, server } = asked;
      const outcome = await go(paramsText);
      if ("error" in outcome || outcome.type !== undefined) return outcome;
      const { onResourceRead } = hooks;
      const read = { uri, server: server?.name };
      const answered: Answered = { type: "resource", source: uri, server: server?.name, result: outcome.result };
      const run = onResourceRead && ((seen: string) => onResourceRead(context, read, seen));
      return { ...outcome, result: await after("onResourceRead", answered, run) };
    },
  };
}

/** The call would wait for the session to begin, and that for the call. */
async function tooEarly(): Promise<string> {
  throw new Problem("conflict", "a session calls no tool before it has begun");
}

const isOfServer = ({ server }: Shown): boolean => server !== undefined;

const textOutcome = (text: string, isError = false): Outcome => ({ result: textResult(text, isError) });

/** Words before an answer: a text of its own, so that what follows stays as it was. */
function prefaced(result: string, preface: string | undefined): string {
  if (preface === undefined || preface === "") return result;
  const given = memberOf(result, "content") ?? "[]";
  const content = given.startsWith("[") ? given : "[]";
  const blocks = elementsOf(content).map(({ start, end }) => content.slice(start, end));
  return withMembers(result, {
    content: `[${[JSON.stringify({ type: "text", text: preface }), ...blocks].join(",")}]`,
  });
}

/** An error has no place for them but its message; what asks something of the client is answered later. */
function withPreface(outcome: Outcome, preface: string | undefined): Outcome {
  if (preface === undefined || preface === "" || !("error" in outcome)) return outcome;
  const { code, message } = JSON.parse(outcome.error) as { code?: number; message?: unknown };
  return { ...outcome, ...errorOutcome(code ?? codes.internal, `${String(message)}\n\n${preface}`) };
}

function tellFault(log: Log, { name }: Model, hook: keyof Hooks, error: unknown): void {
  log.warn("a plugin's hook failed", { proxyModel: name, hook, reason: messageOf(error) });
}
