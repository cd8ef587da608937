import { plainAddress } from "../lib/address.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { turn } from "../lib/wait.ts";
import type { Endpoint } from "../mcp/endpoint.ts";
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
import { pathOf, type Sender } from "./sender.ts";
import { answerOf, sign } from "./signed.ts";
import { HttpVisitor, type Reception } from "./visitor.ts";

type App = {
  handle: Handle;
  /** Where its requests come from, once it is known. */
  server: Listening | null;
  /** Loads what the first request to the control API would load. @throws Error for a route that does not say who may call it */
  complete: () => Promise<void>;
};

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

  /** From where a request comes; it must be asked before anything is waited for. */
  function addressOf(request: Request): string | undefined {
    const peer = peerOf === undefined ? app.server?.requestIP(request)?.address : peerOf();
    return peer === undefined ? undefined : plainAddress(peer);
  }

  /** What is asked of every request, whatever it is for. @throws Problem */
  function letIn({ headers }: Request): void {
    const refusal = refusalAtDoor(headers);
    if (refusal !== undefined) throw new Problem("forbidden", refusal.detail, { hint: refusal.hint });
  }

  const reception: Reception = {
    timeout: (request, seconds) => void app.server?.timeout(request, seconds),
    response: (body, head, request) => withCors(answerOf(body, head), request, allowedOrigins),
    refused,
  };

  function called(request: Request, endpoint: Endpoint): Promise<Response> {
    const visitor = new HttpVisitor(request, endpoint, addressOf(request), reception);
    const wait = pace();
    if (wait === undefined) received(visitor);
    else void receivedAfter(wait, visitor);
    return visitor.answered;
  }

  function received(visitor: HttpVisitor): void {
    try {
      letIn(visitor.request);
      void rooms.gateway.handle(visitor);
    } catch (error) {
      visitor.fail(error);
    }
  }

  async function receivedAfter(wait: Promise<void>, visitor: HttpVisitor): Promise<void> {
    await wait;
    received(visitor);
  }

  async function administered(request: Request, routeAt: RouteAt): Promise<Response> {
    const sender: Sender = { address: addressOf(request) };
    rooms.senders.set(request, sender);
    try {
      return finished(await answer(request, sender.address, routeAt), request, newId());
    } catch (error) {
      return refused(error, request, sender);
    }
  }

  async function answer(request: Request, address: string | undefined, routeAt: RouteAt): Promise<Response> {
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

  function refused(error: unknown, request: Request, sender: Sender): Response {
    const requestId = newId();
    void noteRefusal(error, request, sender, rooms);
    return finished(problemResponse(error, request, { requestId, log: rooms.log, oauth }), request, requestId);
  }

  function finished(response: Response, request: Request, requestId: string): Response {
    sign(response.headers).set("x-request-id", requestId);
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
