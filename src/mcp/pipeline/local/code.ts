import type { Code, Exports, PluginFacts } from "../../../instances/worker/protocol.ts";
import type { Worker } from "../../../instances/worker/worker.ts";
import { isName } from "../../../lib/id.ts";
import { didYouMean } from "../../../lib/nearest.ts";
import { isObject } from "../../../lib/object.ts";
import { Problem } from "../../../lib/problem.ts";
import { type HookName, type Hooks, hookNames, type PluginContext, type Shown } from "../plugin.ts";
import type { StageResult, StageType } from "../stage.ts";
import { answering, pluginFacts, stageFacts, type Tool } from "./reach.ts";
import { beforeSaid, listSaid, resultSaid } from "./said.ts";

/** Running, and waiting for what it asked of us. A stage's is below the runner's own bound, which says less of why. */
export const codePatience = {
  stage: { ownMs: 4_500, allMs: 60_000 },
  hook: { ownMs: 2_000, allMs: 60_000 },
  load: { ownMs: 5_000, allMs: 10_000 },
} as const;

export type Run = Worker["run"];

/** A version of a file of code that could be loaded. `leftOut` says why it is not run any more. */
export type Unit = { code: Code; exports: Exports; leftOut?: string };

/** What the process said of a file, which may be whatever the file makes it say. @throws Problem `invalid` */
export function exportsIn(given: unknown): Exports {
  const { name, description, extends: parents = [], hooks } = isObject(given) ? given : {};
  if (name !== undefined && !(typeof name === "string" && isName(name)))
    throw new Problem("invalid", "its name has other than lower-case letters, digits and dashes");
  if (!isNames(hooks) || !isNames(parents)) throw new Problem("invalid", "it does not say what it exports");
  return {
    hooks,
    extends: parents,
    ...(name !== undefined && { name }),
    ...(typeof description === "string" && { description }),
  };
}

const isNames = (given: unknown): given is string[] =>
  Array.isArray(given) && given.length <= 64 && given.every((one) => typeof one === "string" && one.length <= 63);

/** A stage whose code runs elsewhere. `fault` is what `proxymodel stages` shows. */
export const localStage = (unit: Unit, run: Run, fault: string | undefined): StageType => ({
  name: unit.code.name,
  description: unit.exports.description ?? "A file in the data folder",
  source: "local",
  config: undefined,
  version: unit.code.version,
  ...(fault !== undefined && { fault }),
  async run(content, context) {
    refuseLeftOut(unit);
    const work = { do: "stage", content, context: stageFacts(content, context) } as const;
    const patience = { ...codePatience.stage, signal: context.signal };
    return (await run(unit.code, work, answering(context), patience)) as StageResult;
  },
});

/** The hooks of a plugin whose code runs elsewhere. @throws Problem `invalid` when it has one that there is not */
export function localHooks(unit: Unit, run: Run): Partial<Hooks> {
  const odd = unit.exports.hooks.find((name) => !(hookNames as readonly string[]).includes(name));
  if (odd !== undefined) throw new Problem("invalid", `there is no hook "${odd}".${didYouMean(odd, hookNames)}`);

  async function hook(name: HookName, context: PluginContext, ...args: unknown[]): Promise<unknown> {
    refuseLeftOut(unit);
    const addTool = (tool: Tool) => context.registerTool({ ...tool, call: (given, now) => callTool(tool, given, now) });
    const work = { do: "hook", hook: name, context: pluginFacts(context), args } as const;
    return await run(unit.code, work, answering(context, context, addTool), codePatience.hook);
  }

  /** Of a process that was started anew nobody has registered anything: then the session is begun again there. */
  async function callTool(tool: Tool, args: Record<string, unknown>, context: PluginContext): Promise<string> {
    refuseLeftOut(unit);
    const once = async () => {
      const work = { do: "tool", tool: tool.name, context: pluginFacts(context), args } as const;
      return await run(unit.code, work, answering(context, context), codePatience.stage);
    };
    const first = await once();
    if (!isUnknown(first)) return answerIn(first);
    if (unit.exports.hooks.includes("onSessionCreate")) await hook("onSessionCreate", context);
    return answerIn(await once());
  }

  const all: Hooks = {
    onSessionCreate: async (context) => void (await hook("onSessionCreate", context)),
    async onSessionDestroy(identity) {
      refuseLeftOut(unit);
      const work = { do: "hook", hook: "onSessionDestroy", context: { identity } as PluginFacts, args: [] } as const;
      await run(unit.code, work, nobody, codePatience.hook);
    },
    async onInitialize(context, instructions) {
      return textIn(await hook("onInitialize", context, instructions)) ?? instructions;
    },
    onToolsList: async (context, tools) =>
      listSaid(tools, await hook("onToolsList", context, textsOf(tools)), "name", true),
    onToolCallBefore: async (context, call) => beforeSaid(await hook("onToolCallBefore", context, call)),
    onToolCallAfter: async (context, call, result) =>
      resultSaid(await hook("onToolCallAfter", context, call, result), "content") ?? result,
    onResourcesList: async (context, list) =>
      listSaid(list, await hook("onResourcesList", context, textsOf(list)), "uri"),
    onResourceRead: async (context, read, result) =>
      resultSaid(await hook("onResourceRead", context, read, result), "contents") ?? result,
    onPromptsList: async (context, list) => listSaid(list, await hook("onPromptsList", context, textsOf(list)), "name"),
    onPromptGet: async (context, get, result) =>
      resultSaid(await hook("onPromptGet", context, get, result), "messages") ?? result,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => unit.exports.hooks.includes(name)));
}

function refuseLeftOut({ code, leftOut }: Unit): void {
  if (leftOut !== undefined) throw new Problem("unavailable", `${code.kind} "${code.name}" is ${leftOut}`);
}

const nobody = { ask: async () => undefined, tell: () => {} };
const textsOf = (list: readonly Shown[]) => list.map(({ text }) => text);
const textIn = (given: unknown): string | undefined => (typeof given === "string" ? given : undefined);
const isUnknown = (given: unknown): boolean => isObject(given) && given["unknown"] === true;

function answerIn(given: unknown): string {
  const answer = isObject(given) ? resultSaid(given["answer"], "content") : undefined;
  if (answer !== undefined) return answer;
  throw new Problem("unavailable", "its plugin was started anew and has not registered this tool again");
}
