import { errorOutcome, type Outcome, resultOutcome } from "../answers.ts";
import { capabilitiesFor } from "../capabilities.ts";
import { presetIn } from "../catalog/curation.ts";
import { canonicalName, ownerIn } from "../catalog/names.ts";
import { resourceTarget, templateTarget } from "../catalog/resource-target.ts";
import type { NamedTarget, View } from "../catalog/view.ts";
import { codes, type Era, supportedVersions, tasksExtension } from "../protocol.ts";
import { memberOf, withMembers } from "../spans.ts";
import { type Exchange, forwardable } from "./exchange.ts";
import { list } from "./list.ts";
import { nothingToComplete } from "./own.ts";
import { factsOf } from "./session.ts";
import { setLevel, subscribe, unsubscribe } from "./session-methods.ts";

type Method = { eras: readonly Era[]; answer: (exchange: Exchange) => Promise<Outcome> | Outcome };

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

async function instructionsOf({ face, shape }: Exchange): Promise<{ instructions?: string }> {
  const instructions = (await (await shape())?.instructions(face.instructions)) ?? face.instructions;
  return instructions === undefined ? {} : { instructions };
}

async function byName(
  { inbound, view, viewWith, mayUse, reaches, forward, isFussy, own, shape }: Exchange,
  name: "tools" | "prompts",
): Promise<Outcome> {
  const { name: asked } = inbound.params;
  if (typeof asked !== "string") return errorOutcome(codes.invalidParams, "`name` is missing, or no string");
  let current = await view();
  if (isFussy && asked === goodbye && !current[name].has(asked))
    return resultOutcome({ content: [{ type: "text", text: "" }] });
  const shaping = await shape();
  const ours = name === "prompts" ? own?.prompt(asked, current) : undefined;
  if (ours !== undefined)
    return (await shaping?.promptGet({ name: asked }, inbound.paramsText, ours)) ?? (await ours());
  const answered =
    name === "prompts" || current.tools.has(asked) ? undefined : await shaping?.ownTool(asked, inbound.paramsText);
  if (answered !== undefined) return answered;
  if (!current[name].has(asked)) current = (await viewWith(name, asked)) ?? current;
  const target = current[name].get(asked);
  // What one may not use is not there: a list and a call must never disagree.
  if (target === undefined || !mayUse(name, target))
    return unknownName(name.slice(0, -1), asked, missingOf(current, reaches, asked));
  const go = async (paramsText: string): Promise<Outcome> => {
    const preset = presetIn(paramsText, target.preset);
    if ("refusal" in preset) return errorOutcome(codes.invalidParams, preset.refusal);
    const changes = { ...forwardable(paramsText), ...preset.changes, name: JSON.stringify(target.key) };
    return await forward(target, name === "tools" ? "tools/call" : "prompts/get", withMembers(paramsText, changes));
  };
  if (shaping === undefined) return await go(inbound.paramsText);
  const given = { ...target, name: asked };
  return await (name === "tools" ? shaping.toolCall : shaping.promptGet)(given, inbound.paramsText, go);
}

/** What vLLM calls at the end of each request, whether there is such a tool or not (reference/clients.md §2.1). */
const goodbye = "cleanup_session";

async function readResource({
  inbound,
  view,
  viewWith,
  mayUse,
  reaches,
  forward,
  own,
  shape,
}: Exchange): Promise<Outcome> {
  const { uri } = inbound.params;
  if (typeof uri !== "string") return errorOutcome(codes.invalidParams, "`uri` is missing, or no string");
  let current = await view();
  const ours = own?.resource(uri);
  const shaping = await shape();
  if (ours !== undefined)
    return (await shaping?.resourceRead({ name: uri }, inbound.paramsText, ours)) ?? (await ours());
  if (resourceTarget(current, uri) === undefined) current = (await viewWith("resources", uri)) ?? current;
  const target = resourceTarget(current, uri);
  if (target === undefined || !mayUse("resources", target)) {
    const text = `No server of this project offers this resource${missingOf(current, reaches)}`;
    return errorOutcome(codes.resourceNotFound, text, { uri });
  }
  const go = (paramsText: string): Promise<Outcome> => {
    const changes = { ...forwardable(paramsText), uri: JSON.stringify(target.key) };
    return forward(target, "resources/read", withMembers(paramsText, changes));
  };
  return shaping === undefined
    ? await go(inbound.paramsText)
    : await shaping.resourceRead({ ...target, name: uri }, inbound.paramsText, go);
}

/** A task is known by an id that only who was given it can use, and only here. */
async function ofTask({ inbound, view, mayUse, forward, taskOf, extensions }: Exchange): Promise<Outcome> {
  const { taskId } = inbound.params;
  if (extensions?.[tasksExtension] === undefined) {
    const data = { requiredCapabilities: { extensions: { [tasksExtension]: {} } } };
    return errorOutcome(codes.missingCapability, "Tasks need a client that declares their extension", data, 400);
  }
  const task = typeof taskId === "string" ? taskOf(taskId) : undefined;
  // A tool that the project does not show any more is not gone on with either.
  const isShown = (tool: NamedTarget) => current.tools.has(canonicalName(tool.server.name, tool.key));
  const current = await view();
  if (task === undefined || inbound.method === undefined || !isShown(task.tool) || !mayUse("tools", task.tool))
    return errorOutcome(codes.invalidParams, "There is no task of this id");
  const changes = {
    ...forwardable(inbound.paramsText),
    taskId: JSON.stringify(task.id),
    inputResponses: memberOf(inbound.paramsText, "inputResponses"),
  };
  return await forward(task.tool, inbound.method, withMembers(inbound.paramsText, changes));
}

async function complete({ inbound, view, mayUse, forward, own }: Exchange): Promise<Outcome> {
  const ref = inbound.params["ref"] as { type?: unknown; name?: unknown; uri?: unknown } | undefined;
  const current = await view();
  const refText = memberOf(inbound.paramsText, "ref");
  const isPrompt = ref?.type === "ref/prompt" && typeof ref.name === "string";
  const isResource = ref?.type === "ref/resource" && typeof ref.uri === "string";
  if (isPrompt && own?.prompt(String(ref.name), current) !== undefined) return nothingToComplete();
  const target = isPrompt
    ? current.prompts.get(String(ref.name))
    : isResource
      ? templateTarget(current, String(ref.uri))
      : undefined;
  if (target === undefined || refText === undefined || !mayUse("prompts", target))
    return errorOutcome(codes.invalidParams, "There is nothing of this name to complete");
  const rewritten = withMembers(refText, { [isPrompt ? "name" : "uri"]: JSON.stringify(target.key) });
  return await forward(
    target,
    "completion/complete",
    withMembers(inbound.paramsText, { ...forwardable(inbound.paramsText), ref: rewritten }),
  );
}

function unknownName(what: string, asked: string, missing: string): Outcome {
  const shown = JSON.stringify(asked.slice(0, 128));
  return errorOutcome(codes.invalidParams, `There is no ${what} ${shown} in this project${missing}`);
}

/** What is not there may be of a server that is not: which, as far as the caller may know, and why. One whose name it bears is the only one meant. */
function missingOf({ missing, tools }: View, reaches: (server: string) => boolean, asked = ""): string {
  const known = [...tools.values()].map(({ server: { name } }) => ({ name, reason: undefined }));
  const all = [...missing.map(({ server, reason }) => ({ name: server, reason })), ...known];
  const servers = all.filter(({ name }) => reaches(name));
  const owner = ownerIn(asked, servers);
  const reasons = (owner === undefined ? servers : [owner]).flatMap(({ reason }) => reason ?? []);
  return reasons.length === 0 ? "" : ` (missing: ${reasons.join("; ")})`;
}
