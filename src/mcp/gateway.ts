import type { Log } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { AuditActor } from "../resources/audit.ts";
import type { ProjectFields } from "../resources/project.ts";
import { errorOutcome, type Outcome, respond, toEra } from "./answers.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { ListName } from "./catalog/offer.ts";
import { buildView, type Target, type View } from "./catalog/view.ts";
import { type Inbound, judge } from "./downstream/inbound.ts";
import { type May, methods, serverInfo } from "./downstream/methods.ts";
import { type CallRecord, callRecord, isRecorded, type Led } from "./downstream/record.ts";
import { codes } from "./protocol.ts";
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
  /** Who calls, and from where: for the audit log alone. */
  actor: AuditActor;
  address: string | undefined;
};

type Options = {
  /** Who is it, may they, which project: read from the database for this very request. @throws Problem 401, 403, 404 */
  admit: (request: Request, project: string | undefined) => Promise<Admission>;
  /** Watches a call that was let in for as long as it lasts; `refuse` is told when it would not be any more. Answers how to let go. */
  watch: (request: Request, project: string | undefined, refuse: (why: Problem) => void) => () => void;
  /** The body's text within the bound. @throws Problem 413, 415 */
  readBody: (request: Request) => Promise<string>;
  connections: Connections;
  catalog: Catalog;
  log: Log;
  /** Told of each call once it has its answer; must neither wait nor throw. */
  record?: (call: CallRecord) => void;
};

/** One exchange in, one out. The order of the checks is read here, top to bottom. */
export type Gateway = ReturnType<typeof createGateway>;

export function createGateway({ admit, watch, readBody, connections, catalog, log, record }: Options) {
  const views = new Map<string, { key: string; view: View }>();

  async function handle(request: Request, project: string | undefined): Promise<Response> {
    // GET would be the legacy stream and DELETE the end of a session; we have neither, and HEAD is a probe for OAuth (reference/clients.md §3.3).
    if (request.method !== "POST") return notServed();
    const admission = await admit(request, project);
    return await whileAllowed(request, project, (cut) => exchange(request, admission, cut));
  }

  async function exchange(request: Request, admission: Admission, cut: AbortSignal): Promise<Response> {
    const judged = judge(await readBody(request), request.headers);
    if ("refusal" in judged) return respond(judged.id, judged.refusal);
    const { inbound } = judged;
    const { id, method, era } = inbound;
    if (id === undefined || method === undefined) return new Response(null, { status: 202 });
    // A modern client that closes its stream cancels; a legacy one that disconnects does not (reference/protocol.md §3.1).
    const cancel = era === "modern" ? AbortSignal.any([cut, request.signal]) : cut;
    const outcome = await answer(inbound, method, admission, cancel);
    return respond(id, toEra(era, method, outcome, serverInfo(admission.project)));
  }

  /** What takes long ends when its caller is no longer let in: its server is told, and nothing of the answer goes out. */
  async function whileAllowed(
    request: Request,
    project: string | undefined,
    work: (cut: AbortSignal) => Promise<Response>,
  ): Promise<Response> {
    const cut = new AbortController();
    const refused = Promise.withResolvers<never>();
    const release = watch(request, project, (why) => {
      refused.reject(why);
      cut.abort();
    });
    try {
      return await Promise.race([work(cut.signal), refused.promise]);
    } finally {
      release();
    }
  }

  async function answer(inbound: Inbound, name: string, admission: Admission, cancel: AbortSignal): Promise<Outcome> {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (method?.eras.includes(inbound.era) !== true) {
      return errorOutcome(
        codes.unknownMethod,
        "Method not found",
        undefined,
        inbound.era === "modern" ? 404 : undefined,
      );
    }
    const { project } = admission;
    const prompt = project.fields.prompt;
    const startedAt = performance.now();
    const may = scopeOf(admission);
    const heldBack = quarantineOf(admission);
    let led: Led | undefined;
    let held: string | undefined;
    const answered = await method.answer({
      inbound,
      project: { name: project.name, ...(prompt === undefined ? {} : { prompt }) },
      view: () => viewOf(admission),
      may:
        heldBack === undefined
          ? may
          : (list, target) => may?.(list, target) !== false && heldBack(list, target) === undefined,
      reaches: admission.reaches ?? (() => true),
      mayUse: (list, target) => {
        const isMine = may?.(list, target) !== false;
        // Whoever may not use it anyway is not told that it is held back.
        held = isMine ? heldBack?.(list, target) : undefined;
        const isOpen = isMine && held === undefined;
        led = { server: target.server.name, key: target.key, isRefused: !isOpen };
        return isOpen;
      },
      forward: (server, forwarded, params) => forward(server, forwarded, params, cancel),
    });
    const outcome = held === undefined ? answered : errorOutcome(codes.invalidParams, held);
    if (isRecorded(name)) record?.(callRecord(admission, inbound, led, outcome, performance.now() - startedAt));
    return outcome;
  }

  /** The caller's own part of the view, in list and call alike. */
  function scopeOf({ mayCall, readOnly }: Admission): May | undefined {
    if (mayCall === undefined && !readOnly) return undefined;
    return (list, { server, key, text = "{}" }) => {
      const isTool = list === "tools";
      if (mayCall?.(server.name, isTool ? key : undefined) === false) return false;
      return !readOnly || !isTool || catalog.isReadOnly(server, key, text);
    };
  }

  /** Why a tool may not be used before somebody has looked at it, where the project asks for that. */
  function quarantineOf({ project }: Admission): ((list: ListName, target: Target) => string | undefined) | undefined {
    if (project.fields.onToolChange !== "quarantine") return undefined;
    return (list, { server, key }) => (list === "tools" ? catalog.heldBack(server, key) : undefined);
  }

  async function viewOf({ project, servers }: Admission): Promise<View> {
    const entries = await catalog.entriesOf(servers);
    const key = [catalog.revision(), project.version, ...servers.map(({ id, version }) => `${id}@${version}`)].join();
    const cached = views.get(project.id);
    if (cached?.key === key) return cached.view;
    const view = buildView(entries);
    views.set(project.id, { key, view });
    return view;
  }

  /** A call is sent once. When there is no answer it may have been carried out, so the client is told and nobody tries again. */
  async function forward(server: ServerRef, method: string, params: string, signal: AbortSignal): Promise<Outcome> {
    try {
      const upstream = await connections.get(server);
      return await upstream.request(method, params, { signal });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      log.info("a call had no answer", { server: server.name, method, reason: messageOf(error) });
      const text = error.message.startsWith("server ") ? error.message : `server "${server.name}": ${error.message}`;
      return errorOutcome(codes.internal, text);
    }
  }

  return { handle, forget: (projectId: string) => void views.delete(projectId) };
}

const notServed = () =>
  new Response(JSON.stringify({ error: "This endpoint takes POST only" }), {
    status: 405,
    headers: { allow: "POST", "content-type": "application/json" },
  });
