import { version } from "../../lib/version.ts";
import { errorOutcome, type Outcome, resultOutcome } from "../answers.ts";
import { presetIn } from "../catalog/curation.ts";
import { unqualifiedUri } from "../catalog/names.ts";
import type { ListName } from "../catalog/offer.ts";
import { listText, type Target, type View } from "../catalog/view.ts";
import { codes, type Era, isHopKey, legacyVersions, newestLegacy, supportedVersions } from "../protocol.ts";
import { membersOf, memberText, withMembers } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { Inbound } from "./inbound.ts";

/** What a method works with. `forward` sends params (JSON text) to a server. */
export type Exchange = {
  inbound: Inbound;
  project: { name: string; prompt?: string };
  view: () => Promise<View>;
  /** What of the view this caller may see; undefined when it is all of it. */
  may: May | undefined;
  /** Whether anything of a server is open to this caller. */
  reaches: (server: string) => boolean;
  /** The same of what is about to be used: a no is a refusal, which the audit log learns of. */
  mayUse: May;
  forward: (server: ServerRef, method: string, params: string) => Promise<Outcome>;
};

/** Whether something that a server offers is open to the caller; `text` is a tool's description as the server wrote it. */
export type May = (list: ListName, target: Target & { text?: string }) => boolean;

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
};

export const serverInfo = (project: { name: string }) => ({
  name: project.name,
  title: `mcpctl: ${project.name}`,
  version,
});

const capabilities = { tools: {}, prompts: {}, resources: {}, completions: {} };

/** No work upstream: short-lived clients initialize for every chat message (reference/clients.md §3.1). */
function initialize({ inbound, project }: Exchange): Outcome {
  const asked = inbound.params["protocolVersion"];
  const known = legacyVersions.find((candidate) => candidate === asked);
  return resultOutcome({
    protocolVersion: known ?? newestLegacy,
    capabilities,
    serverInfo: serverInfo(project),
    ...(project.prompt === undefined ? {} : { instructions: project.prompt }),
  });
}

function discover({ project }: Exchange): Outcome {
  return resultOutcome({
    supportedVersions,
    capabilities,
    ...(project.prompt === undefined ? {} : { instructions: project.prompt }),
  });
}

/** The whole list on one page: several clients read no second one (reference/clients.md §6.4). */
async function list({ inbound, view, may, reaches }: Exchange, name: ListName): Promise<Outcome> {
  const { cursor } = inbound.params;
  if (cursor !== undefined && cursor !== null)
    return errorOutcome(codes.invalidParams, "This cursor is not one of ours");
  const { lists, items, ...current } = await view();
  const missing = current.missing.filter(({ server }) => reaches(server));
  const text = may === undefined ? lists[name] : listText(items[name].filter((item) => may(name, item)));
  const meta = missing.length === 0 ? "" : `,"_meta":${JSON.stringify({ "mcpctl/missing": missing })}`;
  return { result: `{"${name}":${text}${meta}}` };
}

async function byName(
  { inbound, view, mayUse, reaches, forward }: Exchange,
  name: "tools" | "prompts",
): Promise<Outcome> {
  const asked = inbound.params["name"];
  const current = await view();
  const target = typeof asked === "string" ? current[name].get(asked) : undefined;
  // What one may not use is not there: a list and a call must never disagree.
  if (target === undefined || !mayUse(name, target))
    return unknownName(
      name.slice(0, -1),
      asked,
      current.missing.filter(({ server }) => reaches(server)),
    );
  const preset = presetIn(inbound.paramsText, target.preset);
  if ("refusal" in preset) return errorOutcome(codes.invalidParams, preset.refusal);
  const params = withMembers(inbound.paramsText, {
    ...forwardable(inbound.paramsText),
    ...preset.changes,
    name: JSON.stringify(target.key),
  });
  return await forward(target.server, name === "tools" ? "tools/call" : "prompts/get", params);
}

async function readResource({ inbound, view, mayUse, forward }: Exchange): Promise<Outcome> {
  const { uri } = inbound.params;
  const target = typeof uri === "string" ? resourceTarget(await view(), uri) : undefined;
  if (target === undefined || !mayUse("resources", target)) {
    const code = inbound.era === "modern" ? codes.invalidParams : -32002;
    return errorOutcome(code, "No server of this project offers this resource", { uri });
  }
  const changes = { ...forwardable(inbound.paramsText), uri: JSON.stringify(target.key) };
  return await forward(target.server, "resources/read", withMembers(inbound.paramsText, changes));
}

async function complete({ inbound, view, mayUse, forward }: Exchange): Promise<Outcome> {
  const ref = inbound.params["ref"] as { type?: unknown; name?: unknown; uri?: unknown } | undefined;
  const current = await view();
  const refText = memberText(inbound.paramsText, membersOf(inbound.paramsText), "ref");
  const isPrompt = ref?.type === "ref/prompt" && typeof ref.name === "string";
  const isResource = ref?.type === "ref/resource" && typeof ref.uri === "string";
  const target = isPrompt
    ? current.prompts.get(String(ref.name))
    : isResource
      ? templateTarget(current, String(ref.uri))
      : undefined;
  if (target === undefined || refText === undefined || !mayUse("prompts", target))
    return errorOutcome(codes.invalidParams, "There is nothing of this name to complete");
  const rewritten = withMembers(refText, { [isPrompt ? "name" : "uri"]: JSON.stringify(target.key) });
  return await forward(
    target.server,
    "completion/complete",
    withMembers(inbound.paramsText, { ...forwardable(inbound.paramsText), ref: rewritten }),
  );
}

/**
 * Parameters that speak about the hop from the client to us, and so are not passed on: the modern envelope, and a progress token, which two
 * clients may both use for different calls.
 */
function forwardable(paramsText: string): Record<string, string | undefined> {
  const meta = memberText(paramsText, membersOf(paramsText), "_meta");
  const hops: Record<string, undefined> = { inputResponses: undefined, requestState: undefined };
  if (meta?.startsWith("{") !== true) return hops;
  const own = membersOf(meta).filter(({ key }) => isHopKey(key) || key === "progressToken");
  const kept = withMembers(meta, Object.fromEntries(own.map(({ key }) => [key, undefined])));
  return { ...hops, _meta: kept === "{}" ? undefined : kept };
}

function resourceTarget(view: View, uri: string): Target | undefined {
  const listed = view.resources.get(uri);
  if (listed !== undefined) return listed;
  const qualified = unqualifiedUri(uri);
  const owner =
    qualified === undefined ? undefined : view.resourceServers.find(({ name }) => name === qualified.server);
  if (qualified !== undefined && owner !== undefined) return { server: owner, key: qualified.uri };
  const template = view.templates.find(({ beginning }) => beginning !== "" && uri.startsWith(beginning));
  const server = template?.server ?? (view.resourceServers.length === 1 ? view.resourceServers[0] : undefined);
  return server === undefined ? undefined : { server, key: uri };
}

const templateTarget = (view: View, uri: string): Target | undefined =>
  view.templates.find(({ key }) => key === uri) ?? resourceTarget(view, uri);

function unknownName(what: string, asked: unknown, absent: View["missing"]): Outcome {
  const missing = absent.map(({ reason }) => reason).join("; ");
  const shown = typeof asked === "string" ? ` ${JSON.stringify(asked.slice(0, 128))}` : "";
  return errorOutcome(
    codes.invalidParams,
    `There is no ${what}${shown} in this project${missing === "" ? "" : ` (missing: ${missing})`}`,
  );
}
