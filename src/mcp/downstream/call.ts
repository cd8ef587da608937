import type { Counters } from "../../lib/counters.ts";
import { messageOf } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Target } from "../catalog/view.ts";
import { isFussy } from "../endpoint.ts";
import type { GatewayOptions } from "../gateway.ts";
import type { Asking, Shaping } from "../pipeline/shaping.ts";
import type { Served } from "../prompts/served.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { holderOf, type Visit } from "../visit.ts";
import { dressed } from "./dress.ts";
import type { Exchange, Found, May } from "./exchange.ts";
import { withFirstText } from "./first-text.ts";
import { type Client, createForward } from "./forward.ts";
import type { Inbound } from "./inbound.ts";
import { openTools } from "./list.ts";
import { methods } from "./methods.ts";
import { nestedCall } from "./nested.ts";
import { ownOf } from "./own.ts";
import { createPlaces } from "./places.ts";
import { callRecord, isRecorded, type Led } from "./record.ts";
import { createScope } from "./scope.ts";

type Options = Pick<GatewayOptions, "connections" | "catalog" | "clock" | "log" | "record"> & {
  counters: Counters;
  seal: Seal;
  shaping?: Shaping | undefined;
  served?: Served | undefined;
};

/** Answers requests of either era: which method, what the caller sees, what they may, and on to the server. */
export type Calls = ReturnType<typeof createCalls>;

export function createCalls({ connections, catalog, clock, log, counters, record, seal, shaping, served }: Options) {
  const scope = createScope(catalog, clock);
  const { viewOf, mayOf, forget } = scope;
  /** Of tools that no server has: those that they call take places of their own. */
  const places = createPlaces(counters);
  const { forward, tasksOf } = createForward({ connections, catalog, log, counters, seal });

  /** One request while it is answered. What only some methods ask for is found out when they do. */
  class Call implements Exchange {
    readonly visit: Visit;
    readonly inbound: Inbound;
    readonly client: Client;
    readonly may: May | undefined;
    readonly startedAt = performance.now();
    led: Led | undefined;
    heldBack: string | undefined;
    #shape: ReturnType<Exchange["shape"]>;
    #hasShape = false;

    constructor(visit: Visit, inbound: Inbound, client: Client) {
      this.visit = visit;
      this.inbound = inbound;
      this.client = client;
      this.may = mayOf(visit);
    }

    get face() {
      return scope.faceOf(this.visit);
    }

    get live() {
      return this.client.live;
    }

    get isFussy() {
      return isFussy(this.visit.endpoint);
    }

    get own() {
      return ownOf(served, this.visit, this.inbound);
    }

    get extensions() {
      return this.client.abilities.extensions as Record<string, unknown> | undefined;
    }

    policy() {
      return scope.policyOf(this.visit);
    }

    view() {
      return viewOf(this.visit, this.client.abilities);
    }

    viewWith(list: Found, asked: string) {
      return scope.viewWith(list, asked, this.visit, this.client.abilities);
    }

    reaches(server: string) {
      return this.visit.admission.reaches?.(server) !== false;
    }

    mayUse(list: ListName, target: Target & { text?: string }) {
      const isOpen = this.may?.(list, target) !== false;
      // Whoever may not use it anyway is not told that it is held back.
      const isOfOthers = isOpen || scope.rightsTo(this.visit)?.(list, target) === false;
      this.heldBack = isOfOthers ? undefined : scope.quarantineOf(this.visit)?.(list, target);
      this.led = { server: target.server.name, key: target.key, isRefused: !isOpen };
      return isOpen;
    }

    forward(target: Target & { text?: string }, method: string, params: string) {
      return forward(this.visit, this.inbound, this.client, target, method, params);
    }

    resubscribe() {
      return this.client.resubscribe();
    }

    taskOf(shown: string) {
      const task = tasksOf(this.visit).open(shown);
      const server = this.visit.admission.servers.find(({ id }) => id === task?.serverId);
      if (task === undefined || server === undefined) return undefined;
      const text = catalog.toolText(server.id, task.tool) ?? "{}";
      return { tool: { server, key: task.tool, text }, id: task.id };
    }

    shape() {
      if (this.#hasShape || shaping === undefined) return this.#shape;
      this.#hasShape = true;
      if (shaping.concerns(this.visit.admission.project)) this.#shape = shaping.of(servedOf(this));
      return this.#shape;
    }

    note(outcome: Outcome): void {
      const tookMs = performance.now() - this.startedAt;
      record?.(callRecord(this.visit.admission, this.inbound, this.led, outcome, tookMs));
    }
  }

  const answer = (visit: Visit, inbound: Inbound, name: string, client: Client): Promise<Outcome> =>
    outcomeOf(visit, inbound, name, client, inWords);

  /** The outcome in the words of the client's era. */
  function inWords(outcome: Outcome, visit: Visit, { era }: Inbound, name: string): Outcome {
    const told = dressed(era, name, outcome, () => scope.infoOf(visit));
    return name === "tools/call" && isFussy(visit.endpoint) ? withFirstText(told) : told;
  }

  async function outcomeOf(
    visit: Visit,
    inbound: Inbound,
    name: string,
    client: Client,
    told: typeof inWords = asItIs,
  ): Promise<Outcome> {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method?.eras.includes(inbound.era) !== true)
      return told(errorOutcome(codes.unknownMethod, "Method not found"), visit, inbound, name);
    const call = new Call(visit, inbound, client);
    let outcome: Outcome;
    try {
      outcome = await method.answer(call);
      if (call.heldBack !== undefined) outcome = errorOutcome(codes.invalidParams, call.heldBack);
      if (isRecorded(name)) call.note(outcome);
    } catch (error) {
      // Whoever goes away before the answer has called all the same.
      if (isRecorded(name)) call.note(errorOutcome(codes.internal, messageOf(error)));
      throw error;
    }
    return told(outcome, visit, inbound, name);
  }

  function servedOf(exchange: Call): Asking {
    const { visit, inbound, client } = exchange;
    const { admission, endpoint, cut } = visit;
    return {
      admission,
      endpoint,
      era: inbound.era,
      sessionId: client.sessionId,
      tools: () => openTools(exchange),
      // With its own rights and its own record: several may be made for one that a client sent.
      async call(name, argumentsText) {
        const nested = nestedCall(inbound, name, argumentsText, visit);
        return "refusal" in nested ? nested.refusal : await outcomeOf(visit, nested.inbound, "tools/call", client);
      },
      inTurn: (work) => (inbound.within === undefined ? places.within(holderOf(visit), work) : work()),
      isAlone: (serverId) => connections.isAlone(serverId, admission.principal),
      get signal() {
        return cut.signal;
      },
    };
  }

  return {
    answer,
    viewOf,
    mayOf,
    tasksOf,
    /** Passes on that the roots of a client are others now, to those servers that asked this caller for anything. */
    rootsChanged({ admission: { principal, servers, reaches } }: Visit, program: string | undefined): void {
      for (const { id, name } of servers)
        if (reaches?.(name) !== false) connections.rootsChanged(id, principal, program);
    },
    forget,
  };
}

const asItIs = (outcome: Outcome): Outcome => outcome;
