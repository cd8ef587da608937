import { plainAddress } from "../lib/address.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
import { turn } from "../lib/wait.ts";
import { wheel } from "../lib/wheel.ts";
import { streamHeaders } from "../mcp/downstream/event-out.ts";
import type { Endpoint } from "../mcp/endpoint.ts";
import { idleSeconds } from "./body.ts";
import type { controlApi } from "./control-api.ts";
import { withCors } from "./cors.ts";
import { createEndpoints } from "./endpoints.ts";
import { answeredAtDoor, frontDoor } from "./front-door.ts";
import type { Handle, Listening } from "./listen.ts";
import { noteRefusal } from "./note.ts";
import { createPace } from "./pace.ts";
import { problemResponse } from "./problems.ts";
import type { Rooms } from "./rooms.ts";
import { runRoute } from "./route.ts";
import { type RouteAt, routeTable } from "./route-table.ts";
import { probeRoutes } from "./routes/probes.ts";
import { pathOf } from "./sender.ts";

type App = {
  handle: Handle;
  /** Where its requests come from, once it is known. */
  server: Listening | null;
  /** Loads what the first request to the control API would load. @throws Error for a route that does not say who may call it */
  complete: () => Promise<void>;
};

/** A call that takes longer may take longer than the time after which a silent connection is closed. */
const longMs = 5_000;

/**
 * The HTTP surface: the front door, the MCP endpoints, every declared route, and one shape for all that goes wrong. Who calls is what the
 * socket says (or `peerOf`, where there is none): a header such as X-Forwarded-For is whatever its sender likes.
 */
export function createApp(rooms: Rooms, peerOf?: () => string | undefined): App {
  const probeAt = routeTable(probeRoutes);
  const refusalAtDoor = frontDoor(rooms.config);
  const endpointOf = createEndpoints();
  const pace = createPace();
  const { allowedOrigins, oauth } = rooms.config;
  const app: App = {
    // Calls go straight to the gateway: a framework's way there costs more than all that is asked of a caller. Who only asks whether it is there
    // need not wait until the framework is.
    handle(request) {
      const endpoint = endpointOf(request);
      if (endpoint !== undefined) return called(request, endpoint);
      return isProbe(request) ? administered(request, probeAt) : throughFramework(request);
    },
    server: null,
    complete: async () => void (await controlled()),
  };
  let api: Promise<ReturnType<typeof controlApi>> | undefined;

  /** Who sends a request; it must be asked before anything is waited for. */
  function senderOf(request: Request): string | undefined {
    const peer = peerOf === undefined ? app.server?.requestIP(request)?.address : peerOf();
    const address = peer === undefined ? undefined : plainAddress(peer);
    rooms.senders.set(request, { address });
    return address;
  }

  /** What is asked of every request, whatever it is for. @throws Problem */
  function letIn({ headers }: Request): void {
    const refusal = refusalAtDoor(headers);
    if (refusal !== undefined) throw new Problem("forbidden", refusal.detail, { hint: refusal.hint });
  }

  async function called(request: Request, endpoint: Endpoint): Promise<Response> {
    let isLong = false;
    const alarm = wheel.after(longMs, () => {
      isLong = true;
      app.server?.timeout(request, 0);
    });
    try {
      senderOf(request);
      const wait = pace();
      if (wait !== undefined) await wait;
      letIn(request);
      const response = await rooms.gateway.handle(request, endpoint);
      if (response.headers.get("content-type") === streamHeaders["content-type"]) app.server?.timeout(request, 0);
      // An answer that nobody reads is not kept for ever.
      else if (isLong) app.server?.timeout(request, idleSeconds);
      return finished(response, request, newId());
    } catch (error) {
      return refused(error, request);
    } finally {
      alarm.cancel();
    }
  }

  async function administered(request: Request, routeAt: RouteAt): Promise<Response> {
    try {
      return finished(await answer(request, routeAt), request, newId());
    } catch (error) {
      return refused(error, request);
    }
  }

  async function answer(request: Request, routeAt: RouteAt): Promise<Response> {
    const address = senderOf(request);
    // What administers is rare and may be much: each has its turn, so that who asks without end leaves others theirs.
    await turn();
    letIn(request);
    const path = pathOf(request);
    const answered = answeredAtDoor(request, path, rooms.config);
    if (answered !== undefined) return answered;
    const found = routeAt(request.method, path);
    if (found === undefined) throw noRoute();
    if ("allow" in found) return notAllowed(found.allow);
    const keepOpen = () => void app.server?.timeout(request, 0);
    return await runRoute(found.route, { request, params: found.params, address, keepOpen }, rooms);
  }

  function refused(error: unknown, request: Request): Response {
    const requestId = newId();
    void noteRefusal(error, request, rooms);
    return finished(problemResponse(error, request, { requestId, log: rooms.log, oauth }), request, requestId);
  }

  /** Says what the log calls this request, and who answers: a command line of another version can say why it was not understood. */
  function finished(response: Response, request: Request, requestId: string): Response {
    const { headers } = response;
    headers.set("x-request-id", requestId);
    headers.set("x-mcpctl-version", version);
    return withCors(response, request, allowedOrigins);
  }

  function controlled(): Promise<ReturnType<typeof controlApi>> {
    api ??= import("./control-api.ts").then(({ controlApi }) =>
      controlApi(administered, (error, asked) => problemResponse(error, asked, { requestId: newId(), log: rooms.log })),
    );
    return api;
  }

  const throughFramework = async (request: Request): Promise<Response> => await (await controlled())(request);

  return app;
}

/** What orchestrators ask every few seconds. */
const isProbe = (request: Request): boolean => probePaths.has(pathOf(request));
const probePaths = new Set(probeRoutes.map(({ path }) => path));

const noRoute = () =>
  new Problem("not_found", "There is nothing at this address", {
    hint: "MCP is at /projects/PROJECT/mcp, and /openapi.json tells of all else",
  });

const notAllowed = (allow: readonly string[]) =>
  Response.json(new Problem("invalid", `This address takes ${allow.join(", ")}`, { status: 405 }).toJSON(), {
    status: 405,
    headers: { allow: allow.join(", "), "content-type": "application/problem+json" },
  });
