import type { Counters } from "../../lib/counters.ts";
import { messageOf } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { type Asker, outcomeTo } from "../asker.ts";
import type { ListName } from "../catalog/offer.ts";
import type { Target } from "../catalog/view.ts";
import { isFussy } from "../endpoint.ts";
import type { GatewayOptions } from "../gateway.ts";
import type { Params } from "../params.ts";
import type { Asking, Shaping } from "../pipeline/shaping.ts";
import type { Served } from "../prompts/served.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { holderOf, type Visit } from "../visit.ts";
import { dressed } from "./dress.ts";
import type { Exchange, Found } from "./exchange.ts";
import { withFirstText } from "./first-text.ts";
import { type Client, createForward } from "./forward.ts";
import type { Inbound } from "./inbound.ts";
import { openTools } from "./list.ts";
import { methods } from "./methods.ts";
import { nestedCall } from "./nested.ts";
import { ownOf } from "./own.ts";
import { createPlaces } from "./places.ts";
import { callRecord, isRecorded } from "./record.ts";
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
  class Call implements Exchange, Asker {
    readonly visit: Visit;
    readonly inbound: Inbound;
    readonly client: Client;
    readonly startedAt = performance.now();
    readonly #name: string;
    readonly #asker: Asker;
    /** Made by a proxy model, which is given the outcome as it is. */
    readonly #isNested: boolean;
    /** Where it leads, once that is known, and whether it ended before it got there. */
    #led: Target | undefined;
    #isRefused = false;
    #heldBack: string | undefined;
    #shape: ReturnType<Exchange["shape"]>;
    #hasShape = false;

    constructor(visit: Visit, inbound: Inbound, name: string, client: Client, asker: Asker, isNested: boolean) {
      this.visit = visit;
      this.inbound = inbound;
      this.client = client;
      this.#name = name;
      this.#asker = asker;
      this.#isNested = isNested;
    }

    begin(): void {
      const method = Object.hasOwn(methods, this.#name) ? methods[this.#name] : undefined;
      if (method?.eras.includes(this.inbound.era) !== true)
        return void this.#tell(errorOutcome(codes.unknownMethod, "Method not found"));
      let outcome: ReturnType<typeof method.answer>;
      try {
        outcome = method.answer(this);
      } catch (error) {
        return void this.failed(error);
      }
      if (outcome instanceof Promise) void this.#when(outcome);
      else if (outcome !== undefined) this.answered(outcome);
    }

    async #when(answering: Promise<Outcome>): Promise<void> {
      let outcome: Outcome;
      try {
        outcome = await answering;
      } catch (error) {
        return void this.failed(error);
      }
      this.answered(outcome);
    }

    answered(given: Outcome): void {
      const outcome = this.#heldBack === undefined ? given : errorOutcome(codes.invalidParams, this.#heldBack);
      this.#note(outcome);
      this.#tell(outcome);
    }

    failed(error: unknown): void {
      // Whoever goes away before the answer has called all the same.
      this.#note(errorOutcome(codes.internal, messageOf(error)));
      this.#asker.failed(error);
    }

    /** The outcome in the words of the client's era. */
    #tell(outcome: Outcome): void {
      if (this.#isNested) return void this.#asker.answered(outcome);
      let told: Outcome;
      try {
        const { era } = this.inbound;
        told = dressed(era, this.#name, outcome, era === "modern" ? scope.infoTextOf(this.visit) : "");
        if (this.#name === "tools/call" && this.isFussy) told = withFirstText(told);
      } catch (error) {
        return void this.#asker.failed(error);
      }
      this.#asker.answered(told);
    }

    get may() {
      return mayOf(this.visit);
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
      const isOpen = scope.isOpen(this.visit.admission, list, target);
      // Whoever may not use it anyway is not told that it is held back.
      this.#heldBack = isOpen ? scope.whyHeldBack(this.visit.admission, list, target) : undefined;
      this.#led = target;
      this.#isRefused = !isOpen || this.#heldBack !== undefined;
      return !this.#isRefused;
    }

    forward(target: Target & { text?: string }, method: string, params: Params) {
      return outcomeTo((asker) => forward(this.visit, this.inbound, this.client, target, method, params, asker));
    }

    handOn(target: Target & { text?: string }, method: string, params: Params) {
      forward(this.visit, this.inbound, this.client, target, method, params, this);
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

    #note(outcome: Outcome): void {
      if (!isRecorded(this.#name)) return;
      const tookMs = performance.now() - this.startedAt;
      record?.(callRecord(this.visit.admission, this.inbound, this.#led, this.#isRefused, outcome, tookMs));
    }
  }

  /** Answers a request: `asker` is told, in the words of the client's era. */
  function ask(visit: Visit, inbound: Inbound, name: string, client: Client, asker: Asker): void {
    new Call(visit, inbound, name, client, asker, false).begin();
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
        if ("refusal" in nested) return nested.refusal;
        return await outcomeTo((asker) => new Call(visit, nested.inbound, "tools/call", client, asker, true).begin());
      },
      inTurn: (work) => (inbound.within === undefined ? places.within(holderOf(visit), work) : work()),
      isAlone: (serverId) => connections.isAlone(serverId, admission.principal),
      get signal() {
        return cut.signal;
      },
    };
  }

  return {
    ask,
    /** The same as a promise. */
    answer: (visit: Visit, inbound: Inbound, name: string, client: Client): Promise<Outcome> =>
      outcomeTo((asker) => ask(visit, inbound, name, client, asker)),
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
