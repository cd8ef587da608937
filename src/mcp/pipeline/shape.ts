import { messageOf, Problem } from "../../lib/problem.ts";
import type { Seldom } from "../../lib/seldom.ts";
import type { Outcome } from "../answers.ts";
import { budgetOf } from "../budget/budget.ts";
import { registerSearchTools } from "../budget/search-tools.ts";
import type { Listed } from "../catalog/view.ts";
import { type Answers, answersOf } from "./answered.ts";
import { type Asked, callsOf, type Go, type Read } from "./calls.ts";
import { contextOf, type Served, type ShapingOptions } from "./context.ts";
import type { Identities, Identity } from "./identities.ts";
import { listsOf, type OtherItem, type ShownItem } from "./lists.ts";
import type { Model } from "./models/model.ts";
import type { HookName, PluginContext } from "./plugin.ts";

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

/** One request that is shaped, as its lists and its calls need it. */
export type Shaped = {
  options: Options;
  served: Served;
  model: Model;
  identity: Identity;
  context: PluginContext;
  /** What a hook makes of something; what it was, when there is no such hook or it fails. */
  hook: <T>(name: HookName, run: () => T | Promise<T> | undefined, otherwise: T) => Promise<T>;
  /** Tells of a hook that failed. */
  failed: (name: HookName, error: unknown) => void;
  answers: Answers;
};

type Options = ShapingOptions & { warn: Seldom };

/** Undefined when nothing shapes this project: its requests go their way as if there were no such thing. */
export async function shapeOf(options: Options, identities: Identities, served: Served): Promise<Shape | undefined> {
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

async function shaped(options: Options, identities: Identities, served: Served, model: Model): Promise<Shape> {
  const { warn } = options;
  const answers = answersOf(options, served, model);
  const { sessionId } = served;
  const { project, principal } = served.admission;
  const { hooks } = model;
  const bare =
    sessionId === undefined
      ? { id: `${project.id} ${principal}`, isSession: false }
      : { id: sessionId, isSession: true };

  const failed = (hook: HookName, error: unknown): void =>
    warn(`${model.name} ${hook}`, "a plugin's hook failed", { proxyModel: model.name, hook, reason: messageOf(error) });

  async function hook<T>(name: HookName, run: () => T | Promise<T> | undefined, otherwise: T): Promise<T> {
    try {
      return (await run()) ?? otherwise;
    } catch (error) {
      failed(name, error);
      return otherwise;
    }
  }

  function requestOf(identity: Identity) {
    const context = contextOf(options, served, bare, {
      registerTool: (tool) => identities.register(identity, tool),
      discover: () => lists.discover(),
      shape: (type, source, server, result) => answers.shaped({ type, source, server, result }),
      began: (hints) => options.budget.begin(identity.id, hints),
    });
    const request: Shaped = { options, served, model, identity, context, hook, failed, answers };
    const lists = listsOf(request);
    return { request, lists };
  }

  const identity = await identities.of(bare, model, async (fresh) => {
    const { context } = requestOf(fresh).request;
    // A client may call them before it lists anything, as after a restart.
    if (budgetOf(project.fields.toolBudget) !== "off") registerSearchTools(context);
    await hook("onSessionCreate", () => hooks.onSessionCreate?.({ ...context, callTool: tooEarly }), undefined);
  });
  const { request, lists } = requestOf(identity);

  return {
    instructions: (own) => hook("onInitialize", () => hooks.onInitialize?.(request.context, own), own),
    tools: lists.tools,
    others: lists.others,
    ...callsOf(request),
  };
}

/** The call would wait for the session to begin, and that for the call. */
async function tooEarly(): Promise<string> {
  throw new Problem("conflict", "a session calls no tool before it has begun");
}
