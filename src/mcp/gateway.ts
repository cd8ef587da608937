import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Problem } from "../lib/problem.ts";
import type { AuditActor } from "../resources/audit.ts";
import type { ProjectFields } from "../resources/project.ts";
import { respond } from "./answers.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { createCalls } from "./downstream/call.ts";
import { createChanges } from "./downstream/changes.ts";
import { createHeldCalls } from "./downstream/held.ts";
import { judge } from "./downstream/inbound.ts";
import { legacyDoor } from "./downstream/legacy.ts";
import { createLives } from "./downstream/live.ts";
import { modernDoor } from "./downstream/modern.ts";
import type { CallRecord } from "./downstream/record.ts";
import { createSessions } from "./downstream/session.ts";
import { sseDoor } from "./downstream/sse.ts";
import type { Endpoint } from "./endpoint.ts";
import { createSeal } from "./seal.ts";
import type { Connections, ServerRef } from "./upstream/connections.ts";

/** What the caller was let into: one project and its servers, as they are at this moment. */
export type Admission = {
  project: { id: string; name: string; version: number; fields: ProjectFields };
  servers: readonly ServerRef[];
  /** Whether anything of a server is open to the caller, and so that it is missing is theirs to know; undefined when all are. */
  reaches: ((server: string) => boolean) | undefined;
  /** Whether the caller may use a tool of a server, or without a tool all that is no single tool; undefined when nothing is closed. */
  mayCall: ((server: string, tool: string | undefined) => boolean) | undefined;
  /** Only tools that change nothing. */
  readOnly: boolean;
  /** Who calls, by id, so that nobody is given what belongs to somebody else: a name may be another's tomorrow. */
  principal: string;
  /** The same in words, and from where: for the audit log. */
  actor: AuditActor;
  address: string | undefined;
};

/** A request that was let in. */
export type Visit = {
  request: Request;
  endpoint: Endpoint;
  admission: Admission;
  /** Aborted, with the Problem as its reason, when the right to it has ended. */
  cut: AbortSignal;
  /** The same question again, of this moment. @throws Problem */
  again: () => Promise<Admission>;
  /** It is over: nobody need watch it any more. */
  release: () => void;
};

export type GatewayOptions = {
  /** Who is it, may they, which project: read from the database for this very request. @throws Problem 401, 403, 404 */
  admit: (request: Request, endpoint: Endpoint) => Promise<Admission>;
  /** Watches what was let in for as long as it lasts; `refuse` is told when it would not be any more. Answers how to let go. */
  watch: (request: Request, endpoint: Endpoint, refuse: (why: Problem) => void) => () => void;
  /** The body's text within the bound. @throws Problem 413, 415 */
  readBody: (request: Request) => Promise<string>;
  connections: Connections;
  catalog: Catalog;
  clock: Clock;
  log: Log;
  /** Under which session ids, states and task ids are sealed. */
  sealKey: Buffer;
  /** Told of each call once it has its answer; must neither wait nor throw. */
  record?: (call: CallRecord) => void;
};

/** One exchange in, one out. The order of the checks is read here, top to bottom. */
export type Gateway = ReturnType<typeof createGateway>;

export function createGateway(options: GatewayOptions) {
  const { admit, watch, readBody, clock } = options;
  const seal = createSeal(options.sealKey);
  const lives = createLives(clock, (id) => calls.unfollow(id));
  const changes = createChanges();
  const held = createHeldCalls(seal, clock);
  const calls = createCalls({ ...options, seal, lives });
  const legacy = legacyDoor({ calls, lives, changes, sessions: createSessions(seal, clock) });
  const modern = modernDoor({ calls, held, changes });
  const sse = sseDoor({ legacy, lives });

  async function handle(request: Request, endpoint: Endpoint): Promise<Response> {
    const methods = methodsOf(request, endpoint);
    // HEAD is a probe for OAuth (reference/clients.md §3.3), and a stream that nobody has a session for is not served: before anybody is asked who he is.
    if (!methods.includes(request.method)) return notServed(methods);
    const visit = visitOf(request, endpoint, await admit(request, endpoint));
    try {
      return await enter(visit);
    } catch (error) {
      visit.release();
      throw error;
    }
  }

  async function enter(visit: Visit): Promise<Response> {
    const { request, endpoint } = visit;
    if (request.method === "DELETE") return legacy.finish(visit);
    if (request.method === "GET") return endpoint.transport === "sse" ? sse.open(visit) : legacy.listen(visit);
    const judged = judge(await readBody(request), request.headers);
    visit.cut.throwIfAborted();
    if ("refusal" in judged) {
      visit.release();
      return respond(judged.id, judged.refusal);
    }
    if (endpoint.transport === "message") return sse.take(visit, judged.inbound);
    return await (judged.inbound.era === "modern" ? modern : legacy).take(visit, judged.inbound);
  }

  function visitOf(request: Request, endpoint: Endpoint, admission: Admission): Visit {
    const cut = new AbortController();
    const release = watch(request, endpoint, (why) => cut.abort(why));
    return { request, endpoint, admission, cut: cut.signal, again: () => admit(request, endpoint), release };
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
      if (method !== "notifications/elicitation/complete") calls.heard(changes, server, method, params, subject);
      else if (subject !== undefined) lives.tell(subject, method, params);
    },
    /** A server asks something that belongs to no call. */
    ask: lives.ask,
    /** How much is kept in memory for whoever may come back. */
    sizes: () => ({ sessions: lives.size(), held: held.size(), streams: sse.size(), subscribers: changes.size() }),
    close(): void {
      held.close();
      changes.close();
      lives.close();
    },
  };
}

/** What this address takes. GET and DELETE are for whoever has a session, HEAD for nobody. */
function methodsOf(request: Request, { transport }: Endpoint): readonly string[] {
  if (transport === "sse") return ["GET"];
  if (transport === "message") return ["POST"];
  return request.headers.has("mcp-session-id") ? ["POST", "GET", "DELETE"] : ["POST"];
}

const notServed = (methods: readonly string[]) =>
  new Response(JSON.stringify({ error: `This endpoint takes ${methods.join(", ")} only` }), {
    status: 405,
    headers: { allow: methods.join(", "), "content-type": "application/json" },
  });
