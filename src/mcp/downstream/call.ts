import { messageOf, Problem } from "../../lib/problem.ts";
import { version } from "../../lib/version.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { contentHash } from "../canonical.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Target, View } from "../catalog/view.ts";
import { isFussy } from "../endpoint.ts";
import type { GatewayOptions } from "../gateway.ts";
import { progressTokenOf } from "../meta.ts";
import { mismatchIn, paramHeadersOf } from "../param-headers.ts";
import { type Abilities, canAnswer, type LogLevel, type Peer } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { withMembers } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import type { RequestOptions } from "../upstream/upstream.ts";
import { boundOf, type Visit } from "../visit.ts";
import { dressed } from "./dress.ts";
import { withFirstText } from "./first-text.ts";
import type { Send } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import type { Live } from "./live.ts";
import { type Exchange, type Face, type May, methods } from "./methods.ts";
import { callRecord, isRecorded, type Led } from "./record.ts";
import type { CallKey } from "./request-state.ts";
import { taskIds } from "./tasks.ts";

/** The client of one request, as its era lets it be known. */
export type Client = {
  abilities: Abilities;
  clientInfo: object | undefined;
  logLevel: LogLevel | undefined;
  live: Live | undefined;
  /** Tells the servers what its session is subscribed to now. Answers which of them will not tell. */
  resubscribe: () => Promise<readonly string[]>;
  /** Carries a call through: what the server says and asks meanwhile goes to the client. */
  through: (call: CallKey, send: Send) => Promise<Outcome>;
};

/** How many variants of one endpoint are kept ready. */
const mostVariants = 16;

type Options = Pick<GatewayOptions, "connections" | "catalog" | "log" | "record"> & { seal: Seal };

/** Answers requests of either era: which method, what the caller sees, what they may, and on to the server. */
export type Calls = ReturnType<typeof createCalls>;

export function createCalls({ connections, catalog, log, record, seal }: Options) {
  const views = new Map<string, { key: string; views: Map<string, View> }>();

  /** The outcome in the words of the client's era. */
  async function answer(visit: Visit, inbound: Inbound, name: string, client: Client): Promise<Outcome> {
    const outcome = dressed(inbound.era, name, await outcomeOf(visit, inbound, name, client), faceOf(visit).info);
    return name === "tools/call" && isFussy(visit.endpoint) ? withFirstText(outcome) : outcome;
  }

  async function outcomeOf(visit: Visit, inbound: Inbound, name: string, client: Client): Promise<Outcome> {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method?.eras.includes(inbound.era) !== true) return errorOutcome(codes.unknownMethod, "Method not found");
    const { admission, endpoint } = visit;
    const startedAt = performance.now();
    const may = scopeOf(visit);
    let led: Led | undefined;
    let held: string | undefined;
    const note = (outcome: Outcome): void => {
      if (isRecorded(name)) record?.(callRecord(admission, inbound, led, outcome, performance.now() - startedAt));
    };
    const exchange: Exchange = {
      inbound,
      face: faceOf(visit),
      view: () => viewOf(visit, client.abilities),
      may,
      reaches: admission.reaches ?? (() => true),
      mayUse: (list, target) => {
        const isOpen = may?.(list, target) !== false;
        // Whoever may not use it anyway is not told that it is held back.
        held = isOpen || rightsTo(visit)?.(list, target) === false ? undefined : quarantineOf(visit)?.(list, target);
        led = { server: target.server.name, key: target.key, isRefused: !isOpen };
        return isOpen;
      },
      forward: (target, forwarded, params) => forward(visit, inbound, client, target, forwarded, params),
      live: client.live,
      resubscribe: client.resubscribe,
      taskOf: (shown) => {
        const task = tasksOf(visit).open(shown);
        const server = admission.servers.find(({ id }) => id === task?.serverId);
        if (task === undefined || server === undefined) return undefined;
        const text = catalog.toolText(server.id, task.tool) ?? "{}";
        return { tool: { server, key: task.tool, text }, id: task.id };
      },
      isFussy: isFussy(endpoint),
      extensions: client.abilities.extensions as Record<string, unknown> | undefined,
    };
    try {
      const answered = await method.answer(exchange);
      const outcome = held === undefined ? answered : errorOutcome(codes.invalidParams, held);
      note(outcome);
      return outcome;
    } catch (error) {
      // Whoever goes away before the answer has called all the same.
      note(errorOutcome(codes.internal, messageOf(error)));
      throw error;
    }
  }

  const tasksOf = (visit: Visit) => taskIds(seal, boundOf(visit));

  /** A call is sent once. When there is no answer it may have been carried out, so the client is told and nobody tries again. */
  async function forward(
    visit: Visit,
    inbound: Inbound,
    client: Client,
    { server, key, text }: { server: ServerRef; key: string; text?: string },
    method: string,
    params: string,
  ): Promise<Outcome> {
    const mismatch = text === undefined || inbound.era === "legacy" ? undefined : mirrorFault(text, visit, inbound);
    if (mismatch !== undefined) return errorOutcome(codes.headerMismatch, mismatch, undefined, 400);
    const call: CallKey = {
      subject: visit.admission.principal,
      words: () => [...boundOf(visit), server.id, method, key, contentHash(whatIsAsked(inbound.paramsText))],
    };
    const isOfTool = method === "tools/call" || method.startsWith("tasks/");
    const letGo = visit.uses(server.name, isOfTool ? key : undefined);
    const carried = client.through(call, async (half, signal, input) => {
      const { abilities, clientInfo, logLevel } = client;
      const peer: Peer = {
        ...half,
        subject: visit.admission.principal,
        abilities,
        clientInfo,
        logLevel,
        progressToken: progressTokenOf(inbound.paramsText),
        ask: async (asked, question, unwanted) =>
          canAnswer(abilities, asked, question)
            ? await half.ask(asked, question, unwanted)
            : errorOutcome(codes.unknownMethod, `This client did not say that it can be asked ${asked}`),
      };
      return askable(abilities, await sent(server, method, withMembers(params, input), { signal, peer, tool: text }));
    });
    const outcome = await carried.finally(letGo);
    if ("result" in outcome) catalog.uriOwners.learn(visit.admission.project.id, server.id, outcome.result);
    return method.startsWith("tasks/") || ("result" in outcome && outcome.type === "task")
      ? tasksOf(visit).inResult(outcome, server.id, key)
      : outcome;
  }

  async function sent(server: ServerRef, method: string, params: string, options: RequestOptions): Promise<Outcome> {
    try {
      const upstream = await connections.get(server, options.peer);
      return await upstream.request(method, params, options);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      log.info("a call had no answer", { server: server.name, method, reason: messageOf(error) });
      const text = error.message.startsWith("server ") ? error.message : `server "${server.name}": ${error.message}`;
      return errorOutcome(codes.internal, text);
    }
  }

  /** The caller's own part of the view, in list and call alike. */
  function scopeOf(visit: Visit): May | undefined {
    const mine = rightsTo(visit);
    const heldBack = quarantineOf(visit);
    if (heldBack === undefined) return mine;
    return (list, target) => mine?.(list, target) !== false && heldBack(list, target) === undefined;
  }

  /** Why a tool may not be used before somebody has looked at it, where the project asks for that. */
  function quarantineOf({ admission: { project } }: Visit) {
    if (project.fields.onToolChange !== "quarantine") return undefined;
    return (list: ListName, { server, key, variant }: Target) =>
      list === "tools" ? catalog.heldBack(server, key, variant) : undefined;
  }

  function rightsTo({ admission: { mayCall, readOnly } }: Visit): May | undefined {
    if (mayCall === undefined && !readOnly) return undefined;
    return (list, { server, key, text = "{}", variant }) => {
      const isTool = list === "tools";
      if (mayCall?.(server.name, isTool ? key : undefined) === false) return false;
      return !readOnly || !isTool || catalog.isReadOnly(server, key, text, variant);
    };
  }

  async function viewOf({ admission: { project, servers }, endpoint }: Visit, abilities: Abilities): Promise<View> {
    const entries = await catalog.entriesOf(servers, abilities);
    const key = [catalog.revision(), project.version, ...servers.map(({ id, version: at }) => `${id}@${at}`)].join();
    const place = `${project.id} ${endpoint.server ?? ""} ${isFussy(endpoint)}`;
    const variants = entries.map(({ variant = "" }) => variant).join();
    const cached = views.get(place);
    const known = cached?.key === key ? cached.views : new Map<string, View>();
    const ready = known.get(variants);
    if (ready !== undefined) return ready;
    const kind = endpoint.server !== undefined ? "server" : isFussy(endpoint) ? "vllm" : "project";
    const view = await catalog.view(project, entries, kind);
    if (known.size >= mostVariants) known.clear();
    views.set(place, { key, views: known.set(variants, view) });
    return view;
  }

  /** A project under its own name; one server's endpoint as that server, once it is known. */
  function faceOf({ admission: { project, servers, reaches }, endpoint }: Visit): Face {
    // What a server of which nothing is open brings along is not told either.
    const open = servers.filter(({ name }) => reaches?.(name) !== false);
    const known = open.flatMap(({ id }) => catalog.introductionOf(id) ?? []);
    const isSingle = endpoint.server !== undefined;
    const only = isSingle ? known[0] : undefined;
    const named = { name: project.name, title: `mcpctl: ${project.name}`, version };
    return {
      info: endpoint.alias === undefined ? (only?.serverInfo ?? named) : { name: endpoint.alias, version },
      instructions: only === undefined ? project.fields.prompt : only.instructions,
      known,
      isSingle,
    };
  }

  return {
    answer,
    viewOf,
    mayOf: scopeOf,
    tasksOf,
    /** Passes on that the roots of a client are others now, to those servers that asked this caller for anything. */
    rootsChanged({ admission: { principal, servers, reaches } }: Visit, program: string | undefined): void {
      for (const { id, name } of servers)
        if (reaches?.(name) !== false) connections.rootsChanged(id, principal, program);
    },
    /** Lets go of what is remembered of a project. */
    forget(projectId: string): void {
      for (const place of views.keys()) if (place.startsWith(projectId)) views.delete(place);
    },
  };
}

/** The parameters without what changes from one round of a call to the next. */
const whatIsAsked = (paramsText: string): string =>
  withMembers(paramsText, { _meta: undefined, inputResponses: undefined, requestState: undefined });

function mirrorFault(tool: string, { request }: Visit, { params }: Inbound): string | undefined {
  const headers = paramHeadersOf(tool);
  return "invalid" in headers ? undefined : mismatchIn(headers.declared, params["arguments"], request.headers);
}

/** A server's questions as they are, unless there is one that this client did not say it answers. */
function askable(abilities: Abilities, outcome: Outcome): Outcome {
  if ("error" in outcome || outcome.type !== "input_required") return outcome;
  const { inputRequests } = JSON.parse(outcome.result) as { inputRequests?: Record<string, Asked | null> | null };
  const asked = Object.values(inputRequests ?? {}).map((one): Asked => one ?? {});
  const beyond = asked.find(
    ({ method, params }) => !canAnswer(abilities, String(method), JSON.stringify(params ?? {})),
  );
  if (beyond === undefined) return outcome;
  const [needed = ""] = String(beyond.method).split("/");
  const data = { requiredCapabilities: { [needed]: {} } };
  return errorOutcome(codes.missingCapability, `This needs a client that answers ${beyond.method}`, data, 400);
}

type Asked = { method?: unknown; params?: unknown };
