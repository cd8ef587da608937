import type { Counters } from "../../lib/counters.ts";
import { messageOf } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { isFussy } from "../endpoint.ts";
import type { GatewayOptions } from "../gateway.ts";
import type { Asking, Shaping } from "../pipeline/shaping.ts";
import type { Served } from "../prompts/served.ts";
import { codes } from "../protocol.ts";
import type { Seal } from "../seal.ts";
import { holderOf, type Visit } from "../visit.ts";
import { dressed } from "./dress.ts";
import type { Exchange } from "./exchange.ts";
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

type Options = Pick<GatewayOptions, "connections" | "catalog" | "log" | "record"> & {
  counters: Counters;
  seal: Seal;
  shaping?: Shaping | undefined;
  served?: Served | undefined;
};

const nothing = Promise.resolve(undefined);

/** Answers requests of either era: which method, what the caller sees, what they may, and on to the server. */
export type Calls = ReturnType<typeof createCalls>;

export function createCalls({ connections, catalog, log, counters, record, seal, shaping, served }: Options) {
  const { viewOf, viewWith, faceOf, mayOf, policyOf, rightsTo, quarantineOf, forget } = createScope(catalog);
  /** Of tools that no server has: those that they call take places of their own. */
  const countedOwn = createPlaces(counters);
  const { forward, tasksOf } = createForward({ connections, catalog, log, counters, seal });

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
    const may = mayOf(visit);
    let led: Led | undefined;
    let held: string | undefined;
    const note = (outcome: Outcome): void => {
      if (isRecorded(name)) record?.(callRecord(admission, inbound, led, outcome, performance.now() - startedAt));
    };
    let shape: ReturnType<Exchange["shape"]> | undefined;
    const exchange: Exchange = {
      inbound,
      face: faceOf(visit),
      view: () => viewOf(visit, client.abilities),
      viewWith: (list, asked) => viewWith(list, asked, visit, client.abilities),
      may,
      policy: () => policyOf(visit),
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
      own: ownOf(served, visit, inbound),
      shape: () => (shape ??= shaping === undefined ? nothing : shaping.of(servedOf(visit, client, exchange))),
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

  function servedOf(visit: Visit, client: Client, exchange: Exchange): Asking {
    const { admission, endpoint, cut } = visit;
    return {
      admission,
      endpoint,
      era: exchange.inbound.era,
      sessionId: client.sessionId,
      tools: () => openTools(exchange),
      // With its own rights and its own record: several may be made for one that a client sent.
      async call(name, argumentsText) {
        const nested = nestedCall(exchange.inbound, name, argumentsText, visit);
        return "refusal" in nested ? nested.refusal : await outcomeOf(visit, nested.inbound, "tools/call", client);
      },
      inTurn: (work) => (exchange.inbound.within === undefined ? countedOwn(holderOf(visit), work) : work()),
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
