import type { Clock } from "../lib/clock.ts";
import { type Counters, createCounters } from "../lib/counters.ts";
import type { Log } from "../lib/log.ts";
import { Problem } from "../lib/problem.ts";
import { projectLimitsOf, setByProject } from "../resources/limits.ts";
import { errorOutcome, refuse, respond } from "./answers.ts";
import { Bones } from "./bones.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { Answering } from "./downstream/answering.ts";
import { createCalls } from "./downstream/call.ts";
import { type Changes, createChanges } from "./downstream/changes.ts";
import { createHeldCalls } from "./downstream/held.ts";
import { type Inbound, type Judged, judge } from "./downstream/inbound.ts";
import { legacyDoor } from "./downstream/legacy.ts";
import { createLives } from "./downstream/live.ts";
import { judgeLong } from "./downstream/long.ts";
import { modernDoor } from "./downstream/modern.ts";
import { createReaders } from "./downstream/readers.ts";
import type { CallRecord } from "./downstream/record.ts";
import { createRequestStates } from "./downstream/request-state.ts";
import { createSessions } from "./downstream/session.ts";
import { sseDoor } from "./downstream/sse.ts";
import { type Endpoint, methodsOf } from "./endpoint.ts";
import type { Shaping } from "./pipeline/shaping.ts";
import type { Served } from "./prompts/served.ts";
import { codes } from "./protocol.ts";
import { createSeal } from "./seal.ts";
import type { Connections, ServerRef } from "./upstream/connections.ts";
import type { Admission, Use, Visit, Visitor } from "./visit.ts";
import { createVisits } from "./visits.ts";

export type GatewayOptions = {
  /** Who is it, may they, which project: read from the database for this very request. @throws Problem 401, 403, 404 */
  admit: (visitor: Visitor) => Admission | Promise<Admission>;
  /** Watches what was let in for as long as it lasts; `refuse` is told when it would not be any more. Answers how to let go. */
  watch: (visitor: Visitor, refuse: (why: Problem) => void, use?: Use) => () => void;
  bodies: Bodies;
  /** Whether there are so few files left to open that only requests are served. */
  isScarce?: () => boolean;
  counters?: Counters;
  connections: Connections;
  catalog: Catalog;
  clock: Clock;
  log: Log;
  /** Under which session ids, states and task ids are sealed. */
  sealKey: Buffer;
  /** The projects' own prompts. */
  served?: Served;
  /** What projects' proxy models make of lists, calls and answers. `tell` says to a caller's clients that a list is another now. */
  shaping?: (tell: Changes["ofCaller"]) => Shaping;
  /** Told of each call once it has its answer; must neither wait nor throw. */
  record?: (call: CallRecord) => void;
};

/** How bodies are read; `setBy` says which field the bound is of. */
export type Bodies = {
  /** What is long comes as its bones. @throws Problem 413, 415, of what is long 400 too */
  read: (request: Request, mostBytes: number, setBy: string) => Promise<ArrayBuffer | Bones>;
  /** @throws Problem 400, 413 */
  textOf: (bytes: ArrayBuffer, mostBytes: number, setBy: string) => string;
  /** How long one may take to arrive, and what is told of one that takes longer. */
  longestMs: number;
  late: () => Problem;
};

/** One exchange in, one out. The order of the checks is read here, top to bottom. */
export type Gateway = ReturnType<typeof createGateway>;

export function createGateway(options: GatewayOptions) {
  const { admit, bodies, clock } = options;
  const counters = options.counters ?? createCounters();
  const seal = createSeal(options.sealKey);
  const changes = createChanges(options.connections);
  const shaping = options.shaping?.(changes.ofCaller);
  const lives = createLives(clock, sessionEnded, counters);
  const held = createHeldCalls(createRequestStates(seal, clock));
  const calls = createCalls({ ...options, counters, seal, shaping });
  const readers = createReaders(() => counters.add("readers_dropped"));
  const legacy = legacyDoor({ calls, lives, changes, sessions: createSessions(seal, clock), readers });
  const modern = modernDoor({ calls, held, changes, readers });
  const sse = sseDoor({ legacy, lives, readers });

  function sessionEnded(id: string): void {
    options.connections.unfollow(id);
    shaping?.ended(id);
  }

  const visits = createVisits(options);
  let isDraining = false;

  /** One exchange: whoever comes is answered. It is over once all is said, but for streams that were opened. */
  async function handle(visitor: Visitor): Promise<void> {
    let visit: Visit | undefined;
    let answering: Answering | Promise<void> | undefined;
    try {
      // Before anybody is asked who he is.
      if (!isServed(visitor)) return;
      const admitted = admit(visitor);
      visit = visits.enter(visitor, admitted instanceof Promise ? await admitted : admitted);
      if (visitor.request.method !== "POST") return void other(visit);
      const { fields } = visit.admission.project;
      const body = await bodies.read(visitor.request, projectLimitsOf(fields).messageBytes, bodyBound);
      visit.arrived();
      visit.cut.throwIfEnded();
      const judged = body instanceof Bones ? await judgedLong(visit, body) : judgedAtOnce(visit, body);
      const inbound = understood(visit, judged);
      answering = inbound && takenIn(visit, inbound);
      if (inbound === undefined || answering === undefined) visit.release();
      else if (answering instanceof Promise) await answering;
      else return calls.ask(visit, inbound, inbound.method ?? "", answering, answering);
    } catch (error) {
      visit?.release();
      if (error instanceof Problem && error.status === 413) refusedOf(visit);
      visitor.fail(error);
    }
    visitor.over();
  }

  function isServed(visitor: Visitor): boolean {
    const { request, endpoint } = visitor;
    const methods = methodsOf(endpoint.transport, request.headers.has("mcp-session-id"));
    if (methods.includes(request.method)) return true;
    const why = `This endpoint takes ${methods.join(", ")}${purposes[endpoint.transport]}`;
    refuse(visitor, why, { status: 405, headers: { allow: methods.join(", ") } });
    return false;
  }

  /** What is no message: the end of a session, or a stream that is listened to. */
  function other(visit: Visit): void {
    visit.arrived();
    if (visit.request.method === "DELETE") return void legacy.finish(visit);
    mayStream();
    if (visit.endpoint.transport === "sse") sse.open(visit);
    else legacy.listen(visit);
  }

  function judgedAtOnce(visit: Visit, bytes: ArrayBuffer): Judged {
    const limits = projectLimitsOf(visit.admission.project.fields);
    return judge(bodies.textOf(bytes, limits.messageBytes, bodyBound), visit.request.headers, limits);
  }

  async function judgedLong({ request, admission, cut }: Visit, bones: Bones): Promise<Judged> {
    const judged = await judgeLong(bones, request.headers, projectLimitsOf(admission.project.fields));
    // Others had their turns meanwhile, and the right to it may have ended in one.
    cut.throwIfEnded();
    return judged;
  }

  /** One message of a client, within the bounds of its project; undefined when it was refused. */
  function understood(visit: Visit, judged: Judged): Inbound | undefined {
    const { visitor } = visit;
    if ("refusal" in judged) {
      if (judged.isBeyond === true) refusedOf(visit);
      respond(visitor, judged.id, judged.refusal);
      return undefined;
    }
    const { inbound } = judged;
    if (!isDraining || !beginsWork(inbound)) return inbound;
    refuseForNow(visitor, inbound.id);
    return undefined;
  }

  const refusedOf = (visit: Visit | undefined) => counters.add("requests_refused", visit?.admission.project.name);

  /** By the door of its transport and era. Undefined when that has answered it, a promise when it opens a stream. */
  function takenIn(visit: Visit, inbound: Inbound): Answering | Promise<void> | undefined {
    if (inbound.method === "subscriptions/listen") mayStream();
    if (visit.endpoint.transport === "message") return sse.take(visit, inbound);
    return inbound.era === "modern" ? modern.take(visit, inbound) : legacy.take(visit, inbound);
  }

  /** @throws Problem `unavailable` */
  function mayStream(): void {
    if (isDraining) throw stopping();
    if (options.isScarce?.() !== true) return;
    counters.add("streams_refused");
    throw new Problem("unavailable", "Too many files are open for another stream; requests are still answered", {
      hint: "raise the limit of open files of mcpctl serve (ulimit -n)",
      retryAfterSeconds: 5,
    });
  }

  return {
    handle,
    /** A project shows something else now. */
    changed(projectId: string): void {
      calls.forget(projectId);
      changes.ofProject(projectId);
    },
    /** What a server said outside of any call; in the conversation of one caller alone, if it has a subject. */
    heard(server: ServerRef, method: string, params: string, subject: string | undefined): void {
      if (method !== "notifications/elicitation/complete") changes.heard(server, method, params, subject);
      else if (subject !== undefined) lives.tell(subject, method, params);
    },
    /** A server asks something that belongs to no call. */
    ask: lives.ask,
    /** Lets go of what nobody came back for. Done every half minute without being asked. */
    sweep: lives.sweep,
    /** How much is kept in memory for whoever may come back. */
    sizes: () => ({
      sessions: lives.size(),
      held: held.size(),
      streams: sse.size(),
      subscribers: changes.size(),
      readers: readers.size(),
      unread: readers.unread(),
      shaped: shaping?.size() ?? 0,
      underWay: visits.size(),
    }),
    /**
     * What is under way is answered; who only listens is let go of, since nobody waits for anything there; what is new is refused. Resolves once
     * nothing is under way.
     */
    drain(): Promise<void> {
      isDraining = true;
      changes.end();
      sse.drain();
      return visits.whenIdle();
    },
    close(): void {
      held.close();
      changes.close();
      lives.close();
      shaping?.close();
    },
  };
}

const bodyBound = setByProject("messageBytes");

const stopping = () => new Problem("unavailable", "mcpctl is stopping", { hint: "try again in a moment" });

/** All but what a call under way may still need: answers, cancellations, and the next round of one that asked something. */
const beginsWork = ({ id, method, params }: Inbound): boolean =>
  id !== undefined && method !== undefined && params["requestState"] === undefined;

function refuseForNow(visitor: Visitor, id: string | undefined): void {
  const why = "mcpctl is stopping: the request was sent nowhere; try again in a moment";
  respond(visitor, id, { ...errorOutcome(codes.busy, why, undefined, 503), retryAfterSeconds: 1 });
}

/** Whoever asks in another way has most often the address of another transport. */
const purposes: Record<Endpoint["transport"], string> = {
  streamable: "; GET and DELETE are for a session, by the Mcp-Session-Id that initialize answers with",
  sse: ": it is for clients of the SSE transport of 2024-11-05, all others use /projects/PROJECT/mcp",
  message: ": it belongs to a stream of the SSE transport",
};
