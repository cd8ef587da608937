import type { Log } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { AuditActor } from "../resources/audit.ts";
import type { ProjectFields } from "../resources/project.ts";
import { errorOutcome, type Outcome, respond, toEra } from "./answers.ts";
import type { Catalog } from "./catalog.ts";
import type { Connections, ServerRef } from "./connections.ts";
import { type Inbound, judge } from "./inbound.ts";
import { methods, serverInfo } from "./methods.ts";
import { codes } from "./protocol.ts";
import { type CallRecord, callRecord, isRecorded, type Sent } from "./record.ts";
import { buildView, type View } from "./view.ts";

/** What the caller was let into: one project and its servers, as they are at this moment. */
export type Admission = {
  project: { id: string; name: string; version: number; fields: ProjectFields };
  servers: readonly ServerRef[];
  /** Who calls, and from where: for the audit log alone. */
  actor?: AuditActor;
  address?: string | undefined;
};

type Options = {
  /** Who is it, may they, which project: read from the database for this very request. @throws Problem 401, 403, 404 */
  admit: (request: Request, project: string | undefined) => Promise<Admission>;
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

export function createGateway({ admit, readBody, connections, catalog, log, record }: Options) {
  const views = new Map<string, { key: string; view: View }>();

  async function handle(request: Request, project: string | undefined): Promise<Response> {
    // GET would be the legacy stream and DELETE the end of a session; we have neither, and HEAD is a probe for OAuth (reference/clients.md §3.3).
    if (request.method !== "POST") return notServed();
    const admission = await admit(request, project);
    const judged = judge(await readBody(request), request.headers);
    if ("refusal" in judged) return respond(judged.id, judged.refusal);
    const { inbound } = judged;
    if (inbound.id === undefined || inbound.method === undefined) return new Response(null, { status: 202 });
    const outcome = await answer(inbound, inbound.method, admission, request.signal);
    return respond(inbound.id, toEra(inbound.era, inbound.method, outcome, serverInfo(admission.project)));
  }

  async function answer(inbound: Inbound, name: string, admission: Admission, signal: AbortSignal): Promise<Outcome> {
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
    // A modern client that closes its stream cancels; a legacy one that disconnects does not (reference/protocol.md §3.1).
    const cancel = inbound.era === "modern" ? signal : undefined;
    const startedAt = performance.now();
    let sent: Sent | undefined;
    const outcome = await method.answer({
      inbound,
      project: { name: project.name, ...(prompt === undefined ? {} : { prompt }) },
      view: () => viewOf(admission),
      forward: (server, forwarded, params, key) => {
        sent = { server: server.name, key };
        return forward(server, forwarded, params, cancel);
      },
    });
    if (isRecorded(name)) record?.(callRecord(admission, inbound, sent, outcome, performance.now() - startedAt));
    return outcome;
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
  async function forward(
    server: ServerRef,
    method: string,
    params: string,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    try {
      const upstream = await connections.get(server);
      return await upstream.request(method, params, signal === undefined ? {} : { signal });
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
