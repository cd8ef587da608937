import type { Counters } from "../../lib/counters.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { busyOutcome, errorOutcome, type Outcome } from "../answers.ts";
import { contentHash } from "../canonical.ts";
import type { GatewayOptions } from "../gateway.ts";
import { progressTokenOf } from "../meta.ts";
import { mismatchIn, paramHeadersOf } from "../param-headers.ts";
import { type Abilities, canAnswer, type LogLevel, type Peer } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { withMembers } from "../spans.ts";
import type { ServerRef } from "../upstream/connections.ts";
import { Busy } from "../upstream/failures.ts";
import type { RequestOptions } from "../upstream/upstream.ts";
import { boundOf, type Holder, holderOf, type Visit } from "../visit.ts";
import type { Half, Send } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import type { Live } from "./live.ts";
import { createPlaces } from "./places.ts";
import type { CallKey } from "./request-state.ts";
import { taskIds } from "./tasks.ts";

/** The client of one request, as its era lets it be known. */
export type Client = {
  abilities: Abilities;
  clientInfo: object | undefined;
  logLevel: LogLevel | undefined;
  live: Live | undefined;
  /** Of a legacy session. */
  sessionId: string | undefined;
  /** Tells the servers what its session is subscribed to now. Answers which of them will not tell. */
  resubscribe: () => Promise<readonly string[]>;
  /** Carries a call through: what the server says and asks meanwhile goes to the client. */
  through: (call: CallKey, send: Send) => Promise<Outcome>;
};

type Options = Pick<GatewayOptions, "connections" | "catalog" | "log"> & { counters: Counters; seal: Seal };

/** Brings what a client asks to its server, and the answer back. */
export function createForward({ connections, catalog, log, counters, seal }: Options) {
  const places = createPlaces(counters);
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
    const isMirrored = text !== undefined && inbound.era === "modern" && inbound.within === undefined;
    const mismatch = isMirrored ? mirrorFault(text, visit, inbound) : undefined;
    if (mismatch !== undefined) return errorOutcome(codes.headerMismatch, mismatch, undefined, 400);
    const { principal: subject, project } = visit.admission;
    const call: CallKey = {
      subject,
      words: () => [...boundOf(visit), server.id, method, key, contentHash(whatIsAsked(inbound.paramsText))],
    };
    const isOfTask = method.startsWith("tasks/");
    const letGo = visit.uses(server.name, method === "tools/call" || isOfTask ? key : undefined);
    try {
      const outcome = await client.through(call, (half, ending, input) => {
        const options = { ending, peer: peerOf(half, subject, client, inbound), tool: text };
        return sent(holderOf(visit), server, method, isEmpty(input) ? params : withMembers(params, input), options);
      });
      if ("error" in outcome) return outcome;
      catalog.uriOwners.learn(project.id, server.id, outcome.result);
      return isOfTask || outcome.type === "task" ? tasksOf(visit).inResult(outcome, server.id, key) : outcome;
    } finally {
      letGo();
    }
  }

  async function sent(
    holder: Holder,
    server: ServerRef,
    method: string,
    params: string,
    options: RequestOptions & { peer: Peer },
  ): Promise<Outcome> {
    const refusal = places.enter(holder);
    if (refusal !== undefined) return refusal;
    try {
      const upstream = await connections.get(server, options.peer);
      const longestMs = holder.most.callSeconds * 1000;
      return askable(options.peer.abilities, await upstream.request(method, params, { ...options, longestMs }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      log.info("a call had no answer", { server: server.name, method, reason: messageOf(error) });
      const text = error.message.startsWith("server ") ? error.message : `server "${server.name}": ${error.message}`;
      return error instanceof Busy ? busyOutcome(text) : errorOutcome(codes.internal, text);
    } finally {
      places.leave(holder);
    }
  }

  return { forward, tasksOf };
}

const isEmpty = ({ inputResponses, requestState }: Record<string, string>): boolean =>
  inputResponses === undefined && requestState === undefined;

/** The client as the server hears and asks it: nothing that it did not say it answers. */
function peerOf(half: Half, subject: string, client: Client, { meta, paramsText }: Inbound): Peer {
  const { abilities, clientInfo, logLevel } = client;
  const { takesInput, notify, pause } = half;
  const peer: Peer = {
    subject,
    abilities,
    clientInfo,
    logLevel,
    progressToken: "progressToken" in meta ? progressTokenOf(paramsText) : undefined,
    takesInput,
    notify,
    ask: async (asked, question, unwanted) =>
      canAnswer(abilities, asked, question)
        ? await half.ask(asked, question, unwanted)
        : errorOutcome(codes.unknownMethod, `This client did not say that it can be asked ${asked}`),
  };
  if (pause !== undefined) peer.pause = pause;
  return peer;
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
