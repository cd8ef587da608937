import { errorOutcome, type Outcome, resultOutcome } from "../answers.ts";
import { capabilitiesFor } from "../capabilities.ts";
import { presetIn } from "../catalog/curation.ts";
import { canonicalName, ownerIn } from "../catalog/names.ts";
import { resourceTarget, templateTarget } from "../catalog/resource-target.ts";
import type { NamedTarget, View } from "../catalog/view.ts";
import type { Params } from "../params.ts";
import { codes, type Era, supportedVersions, tasksExtension } from "../protocol.ts";
import { memberOf, withMembers } from "../spans.ts";
import { type Exchange, forwarded, sentOn } from "./exchange.ts";
import { list } from "./list.ts";
import { nothingToComplete } from "./own.ts";
import { factsOf } from "./session.ts";
import { setLevel, subscribe, unsubscribe } from "./session-methods.ts";

/** `answer` gives nothing where it handed the exchange on. */
type Method = { eras: readonly Era[]; answer: (exchange: Exchange) => Promise<Outcome> | Outcome | undefined };

const both: readonly Era[] = ["legacy", "modern"];

/** Every request a client may send. A method is one row. */
export const methods: Record<string, Method> = {
  initialize: { eras: ["legacy"], answer: initialize },
  ping: { eras: ["legacy"], answer: () => resultOutcome({}) },
  "server/discover": { eras: ["modern"], answer: discover },
  "tools/list": { eras: both, answer: (exchange) => list(exchange, "tools") },
  "prompts/list": { eras: both, answer: (exchange) => list(exchange, "prompts") },
  "resources/list": { eras: both, answer: (exchange) => list(exchange, "resources") },
  "resources/templates/list": { eras: both, answer: (exchange) => list(exchange, "resourceTemplates") },
  "tools/call": { eras: both, answer: (exchange) => byName(exchange, "tools") },
  "prompts/get": { eras: both, answer: (exchange) => byName(exchange, "prompts") },
  "resources/read": { eras: both, answer: readResource },
  "completion/complete": { eras: both, answer: complete },
  "logging/setLevel": { eras: ["legacy"], answer: setLevel },
  "resources/subscribe": { eras: ["legacy"], answer: subscribe },
  "resources/unsubscribe": { eras: ["legacy"], answer: unsubscribe },
  "tasks/get": { eras: ["modern"], answer: ofTask },
  "tasks/update": { eras: ["modern"], answer: ofTask },
  "tasks/cancel": { eras: ["modern"], answer: ofTask },
};

/** No work upstream: short-lived clients initialize for every chat message (reference/clients.md §3.1). */
async function initialize(exchange: Exchange): Promise<Outcome> {
  const { inbound, face } = exchange;
  return resultOutcome({
    protocolVersion: factsOf(inbound.params, "").version,
    capabilities: capabilitiesFor("legacy", face.known, face.isSingle),
    serverInfo: face.info,
    ...(await instructionsOf(exchange)),
  });
}

async function discover(exchange: Exchange): Promise<Outcome> {
  const { known, isSingle } = exchange.face;
  return resultOutcome({
    supportedVersions,
    capabilities: capabilitiesFor("modern", known, isSingle),
    ...(await instructionsOf(exchange)),
  });
}

async function instructionsOf(exchange: Exchange): Promise<{ instructions?: string }> {
  const own = exchange.face.instructions;
  const instructions = (await (await exchange.shape())?.instructions(own)) ?? own;
  return instructions === undefined ? {} : { instructions };
}

function byName(exchange: Exchange, name: "tools" | "prompts"): Outcome | Promise<Outcome> | undefined {
  const { name: asked } = exchange.inbound.params;
  if (typeof asked !== "string") return errorOutcome(codes.invalidParams, "`name` is missing, or no string");
  const seen = exchange.view();
  // Nearly always it is there, and no proxy model has a say: then there is nothing to wait for.
  if (!(seen instanceof Promise) && exchange.shape() === undefined) {
    const target = seen[name].get(asked);
    if (target !== undefined && exchange.mayUse(name, target)) {
      const own = paramsFor(exchange, target);
      if (isRefusal(own)) return own;
      exchange.handOn(target, methodFor[name], own);
      return undefined;
    }
  }
  return lookedFor(exchange, name, asked, seen);
}

const methodFor = { tools: "tools/call", prompts: "prompts/get" } as const;

async function lookedFor(
  exchange: Exchange,
  name: "tools" | "prompts",
  asked: string,
  seen: View | Promise<View>,
): Promise<Outcome> {
  const { inbound } = exchange;
  let current = await seen;
  if (asked === goodbye && exchange.isFussy && !current[name].has(asked))
    return resultOutcome({ content: [{ type: "text", text: "" }] });
  const shaping = await exchange.shape();
  const ours = name === "prompts" ? exchange.own?.prompt(asked, current) : undefined;
  if (ours !== undefined)
    return (await shaping?.promptGet({ name: asked }, inbound.paramsText, ours)) ?? (await ours());
  const isOwnTool = shaping !== undefined && name === "tools" && !current.tools.has(asked);
  const answered = isOwnTool ? await shaping.ownTool(asked, inbound.paramsText) : undefined;
  if (answered !== undefined) return answered;
  if (!current[name].has(asked)) current = (await exchange.viewWith(name, asked)) ?? current;
  const target = current[name].get(asked);
  // What one may not use is not there: a list and a call must never disagree.
  if (target === undefined || !exchange.mayUse(name, target))
    return unknownName(name.slice(0, -1), asked, missingOf(current, exchange, asked));
  if (shaping === undefined) return await toServer(exchange, name, target);
  const go = async (paramsText: string) => await toServer(exchange, name, target, paramsText);
  const given = { ...target, name: asked };
  return await (name === "tools" ? shaping.toolCall : shaping.promptGet)(given, inbound.paramsText, go);
}

async function toServer(
  exchange: Exchange,
  name: "tools" | "prompts",
  target: NamedTarget,
  changed?: string,
): Promise<Outcome> {
  const own = paramsFor(exchange, target, changed);
  return isRefusal(own) ? own : await exchange.forward(target, methodFor[name], own);
}

/** The server is asked by its own name, with what the project adds; or why it is not. `changed` is there where it is not what the client sent. */
function paramsFor({ inbound }: Exchange, target: NamedTarget, changed?: string): Params | Refusal {
  const name = ownNameOf(target);
  if (changed === undefined && target.preset === undefined) return sentOn(inbound, name);
  const paramsText = changed ?? inbound.paramsText;
  const judged = paramsText === inbound.brief ? inbound : undefined;
  const preset = target.preset && presetIn(paramsText, target.preset);
  if (preset !== undefined && "refusal" in preset) return errorOutcome(codes.invalidParams, preset.refusal);
  return forwarded(paramsText, preset === undefined ? name : { ...name, ...preset.changes }, judged);
}

type Refusal = Extract<Outcome, { error: string }>;
const isRefusal = (own: Params | Refusal): own is Refusal => typeof own !== "string" && "error" in own;

const ownNames = new WeakMap<NamedTarget, { readonly name: string }>();

/** What its server calls it, in place of what the client does; made once for all calls of it. */
function ownNameOf(target: NamedTarget): { readonly name: string } {
  const known = ownNames.get(target);
  if (known !== undefined) return known;
  const name = { name: JSON.stringify(target.key) };
  ownNames.set(target, name);
  return name;
}

/** What vLLM calls at the end of each request, whether there is such a tool or not (reference/clients.md §2.1). */
const goodbye = "cleanup_session";

async function readResource(exchange: Exchange): Promise<Outcome> {
  const { inbound, own } = exchange;
  const { uri } = inbound.params;
  if (typeof uri !== "string") return errorOutcome(codes.invalidParams, "`uri` is missing, or no string");
  let current = await exchange.view();
  const ours = own?.resource(uri);
  const shaping = await exchange.shape();
  if (ours !== undefined)
    return (await shaping?.resourceRead({ name: uri }, inbound.paramsText, ours)) ?? (await ours());
  if (resourceTarget(current, uri) === undefined) current = (await exchange.viewWith("resources", uri)) ?? current;
  const target = resourceTarget(current, uri);
  if (target === undefined || !exchange.mayUse("resources", target)) {
    const text = `No server of this project offers this resource${missingOf(current, exchange)}`;
    return errorOutcome(codes.resourceNotFound, text, { uri });
  }
  const go = async (paramsText: string): Promise<Outcome> => {
    const params = forwarded(paramsText, { uri: JSON.stringify(target.key) });
    return await exchange.forward(target, "resources/read", params);
  };
  return shaping === undefined
    ? await go(inbound.paramsText)
    : await shaping.resourceRead({ ...target, name: uri }, inbound.paramsText, go);
}

/** A task is known by an id that only who was given it can use, and only here. */
async function ofTask(exchange: Exchange): Promise<Outcome> {
  const { inbound, extensions } = exchange;
  const { taskId } = inbound.params;
  if (extensions?.[tasksExtension] === undefined) {
    const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
    return errorOutcome(codes.missingCapability, "Tasks need a client that declares their extension", data, 400);
  }
  const task = typeof taskId === "string" ? exchange.taskOf(taskId) : undefined;
  // A tool that the project does not show any more is not gone on with either.
  const isShown = (tool: NamedTarget) => current.tools.has(canonicalName(tool.server.name, tool.key));
  const current = await exchange.view();
  if (task === undefined || inbound.method === undefined || !isShown(task.tool) || !exchange.mayUse("tools", task.tool))
    return errorOutcome(codes.invalidParams, "There is no task of this id");
  const changes = {
    taskId: JSON.stringify(task.id),
    inputResponses: memberOf(inbound.paramsText, "inputResponses"),
  };
  return await exchange.forward(task.tool, inbound.method, forwarded(inbound.paramsText, changes));
}

async function complete(exchange: Exchange): Promise<Outcome> {
  const { inbound, own } = exchange;
  const ref = inbound.params["ref"] as { type?: unknown; name?: unknown; uri?: unknown } | undefined;
  const current = await exchange.view();
  const refText = memberOf(inbound.paramsText, "ref");
  const isPrompt = ref?.type === "ref/prompt" && typeof ref.name === "string";
  const isResource = ref?.type === "ref/resource" && typeof ref.uri === "string";
  if (isPrompt && own?.prompt(String(ref.name), current) !== undefined) return nothingToComplete();
  const target = isPrompt
    ? current.prompts.get(String(ref.name))
    : isResource
      ? templateTarget(current, String(ref.uri))
      : undefined;
  if (target === undefined || refText === undefined || !exchange.mayUse("prompts", target))
    return errorOutcome(codes.invalidParams, "There is nothing of this name to complete");
  const rewritten = withMembers(refText, { [isPrompt ? "name" : "uri"]: JSON.stringify(target.key) });
  return await exchange.forward(target, "completion/complete", forwarded(inbound.paramsText, { ref: rewritten }));
}

function unknownName(what: string, asked: string, missing: string): Outcome {
  const shown = JSON.stringify(asked.slice(0, 128));
  return errorOutcome(codes.invalidParams, `There is no ${what} ${shown} in this project${missing}`);
}

/** What is not there may be of a server that is not: which, as far as the caller may know, and why. One whose name it bears is the only one meant. */
function missingOf({ missing, tools }: View, exchange: Exchange, asked = ""): string {
  const known = [...tools.values()].map(({ server: { name } }) => ({ name, reason: undefined }));
  const all = [...missing.map(({ server, reason }) => ({ name: server, reason })), ...known];
  const servers = all.filter(({ name }) => exchange.reaches(name));
  const owner = ownerIn(asked, servers);
  const reasons = (owner === undefined ? servers : [owner]).flatMap(({ reason }) => reason ?? []);
  return reasons.length === 0 ? "" : ` (missing: ${reasons.join("; ")})`;
}
