import type { Counters } from "../../lib/counters.ts";
import type { Ending } from "../../lib/ending.ts";
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
        const peer = new Caller(half, subject, client, inbound);
        const given = input === undefined ? params : withMembers(params, input);
        return sent(holderOf(visit), server, method, given, { ending, peer, tool: text });
      });
      if ("error" in outcome) return outcome;
      catalog.uriOwners.learn(project.id, server.id, outcome.result, outcome.bones);
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
    { ending, peer, tool }: { ending: Ending; peer: Peer; tool: string | undefined },
  ): Promise<Outcome> {
    const refusal = places.enter(holder);
    if (refusal !== undefined) return refusal;
    try {
      const there = connections.get(server, peer);
      const upstream = there instanceof Promise ? await there : there;
      const longestMs = holder.most.callSeconds * 1000;
      return askable(peer.abilities, await upstream.request(method, params, { ending, peer, tool, longestMs }));
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

/** The client as the server hears and asks it: nothing that it did not say it answers. */
class Caller implements Peer {
  readonly subject: string;
  readonly abilities: Abilities;
  readonly clientInfo: object | undefined;
  readonly logLevel: LogLevel | undefined;
  readonly progressToken: string | undefined;
  readonly takesInput: boolean;
  readonly #half: Half;

  constructor(half: Half, subject: string, { abilities, clientInfo, logLevel }: Client, { meta, paramsText }: Inbound) {
    this.#half = half;
    this.subject = subject;
    this.abilities = abilities;
    this.clientInfo = clientInfo;
    this.logLevel = logLevel;
    this.progressToken = "progressToken" in meta ? progressTokenOf(paramsText) : undefined;
    this.takesInput = half.takesInput;
  }

  notify(method: string, params: string): void {
    this.#half.notify(method, params);
  }

  async ask(method: string, params: string, unwanted: AbortSignal): Promise<Outcome> {
    return canAnswer(this.abilities, method, params)
      ? await this.#half.ask(method, params, unwanted)
      : errorOutcome(codes.unknownMethod, `This client did not say that it can be asked ${method}`);
  }

  pause(retryMs: number): void {
    this.#half.pause?.(retryMs);
  }
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
