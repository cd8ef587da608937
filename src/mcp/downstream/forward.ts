import type { Counters } from "../../lib/counters.ts";
import type { Ending } from "../../lib/ending.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import type { Asker } from "../asker.ts";
import { contentHash } from "../canonical.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Target } from "../catalog/view.ts";
import type { GatewayOptions } from "../gateway.ts";
import { mismatchIn, paramHeadersOf } from "../param-headers.ts";
import { type Params, withOthers } from "../params.ts";
import type { Abilities, LogLevel } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { withMembers } from "../spans.ts";
import { boundOf, type Visit } from "../visit.ts";
import type { Used } from "../visits.ts";
import type { Going, Half, Input } from "./held.ts";
import type { Inbound } from "./inbound.ts";
import type { Live } from "./live.ts";
import { createPlaces } from "./places.ts";
import { type Journey, type Sender, Sent } from "./sent.ts";
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
  /** Carries a call through, and tells it of its outcome: what the server says and asks meanwhile goes to the client. */
  through: (call: Going) => void;
};

type Options = Pick<GatewayOptions, "connections" | "catalog" | "log"> & { counters: Counters; seal: Seal };

/** Brings what a client asks to its server, and the answer back. */
export function createForward({ connections, catalog, log, counters, seal }: Options) {
  const tasksOf = (visit: Visit) => taskIds(seal, boundOf(visit));
  const ways: Ways = { connections, log, places: createPlaces(counters), catalog, tasksOf };

  /** A call is sent once. When there is no answer it may have been carried out, so the client is told and nobody tries again. */
  function forward(
    visit: Visit,
    inbound: Inbound,
    client: Client,
    target: Aim,
    method: string,
    params: Params,
    asker: Asker,
  ): void {
    const mismatch = mirrorFault(target.text, visit, inbound);
    if (mismatch !== undefined) asker.answered(errorOutcome(codes.headerMismatch, mismatch, undefined, 400));
    else client.through(new Forwarded(ways, visit, inbound, client, target, method, params, asker));
  }

  return { forward, tasksOf };
}

/** Where a call goes; `text` is a tool's description as its server wrote it. */
type Aim = Target & { text?: string };

type Ways = Sender & { catalog: Catalog; tasksOf: (visit: Visit) => ReturnType<typeof taskIds> };

/** What one request of a client, a round of a call, brings to a server. */
class Forwarded implements Going, Journey {
  readonly ways: Ways;
  readonly visit: Visit;
  readonly inbound: Inbound;
  readonly client: Client;
  readonly target: Aim;
  readonly method: string;
  readonly #params: Params;
  readonly #asker: Asker;
  readonly #used: Used;

  constructor(
    ways: Ways,
    visit: Visit,
    inbound: Inbound,
    client: Client,
    target: Aim,
    method: string,
    params: Params,
    asker: Asker,
  ) {
    this.ways = ways;
    this.visit = visit;
    this.inbound = inbound;
    this.client = client;
    this.target = target;
    this.method = method;
    this.#params = params;
    this.#asker = asker;
    const isOfTool = method === "tools/call" || this.#isOfTask;
    this.#used = visit.uses(target.server.name, isOfTool ? target.key : undefined);
  }

  get subject(): string {
    return this.visit.admission.principal;
  }

  words(): readonly string[] {
    const { server, key } = this.target;
    return [...boundOf(this.visit), server.id, this.method, key, contentHash(whatIsAsked(this.inbound.paramsText))];
  }

  send(half: Half, ending: Ending, input: Input, asker: Asker): void {
    const params = input === undefined ? this.#params : withOthers(this.#params, input);
    new Sent(this, half, ending, asker).go(params);
  }

  answered(given: Outcome): void {
    this.visit.letGo(this.#used);
    let outcome = given;
    try {
      if ("result" in given) outcome = this.#taken(given);
    } catch (error) {
      return void this.#asker.failed(error);
    }
    this.#asker.answered(outcome);
  }

  failed(why: unknown): void {
    this.visit.letGo(this.#used);
    this.#asker.failed(why);
  }

  get #isOfTask(): boolean {
    return this.method.startsWith("tasks/");
  }

  #taken(outcome: Extract<Outcome, { result: string }>): Outcome {
    const { catalog, tasksOf } = this.ways;
    const { server, key } = this.target;
    catalog.uriOwners.learn(this.visit.admission.project.id, server.id, outcome.result, outcome.bones);
    if (!this.#isOfTask && outcome.type !== "task") return outcome;
    return tasksOf(this.visit).inResult(outcome, server.id, key);
  }
}

/** The parameters without what changes from one round of a call to the next. */
const whatIsAsked = (paramsText: string): string =>
  withMembers(paramsText, { _meta: undefined, inputResponses: undefined, requestState: undefined });

/** What headers of a modern client say otherwise than its arguments; those of a call within one were written by nobody. */
function mirrorFault(tool: string | undefined, { request }: Visit, inbound: Inbound): string | undefined {
  if (tool === undefined || inbound.era !== "modern" || inbound.within !== undefined) return undefined;
  const headers = paramHeadersOf(tool);
  // Long arguments are parsed for nobody else.
  if ("invalid" in headers || headers.declared.length === 0) return undefined;
  return mismatchIn(headers.declared, inbound.params["arguments"], request.headers);
}
