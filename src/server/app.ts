import { plainAddress } from "../lib/address.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
import { turn } from "../lib/wait.ts";
import { streamHeaders } from "../mcp/downstream/event-out.ts";
import { endpointAt } from "../mcp/endpoint.ts";
import { idleSeconds } from "./body.ts";
import { withCors } from "./cors.ts";
import { answeredAtDoor, refusalAtDoor } from "./front-door.ts";
import { noteRefusal } from "./note.ts";
import { problemResponse } from "./problems.ts";
import type { Rooms } from "./rooms.ts";
import { checkRoutes, runRoute } from "./route.ts";
import { routeTable } from "./route-table.ts";
import { allRoutes } from "./routes/index.ts";
import { pathOf } from "./sender.ts";

type Listening = { hostname: string; port: number; idleTimeout?: number; maxRequestBodySize?: number };

type App = {
  handle: (request: Request) => Promise<Response>;
  /** @throws what the system says where the port is taken: it is never shared */
  listen: (options: Listening) => void;
  server: Bun.Server<undefined> | null;
};

/**
 * The HTTP surface: the front door, the MCP endpoints, every declared route, and one shape for all that goes wrong. Who calls is what the
 * socket says (or `peerOf`, where there is none): a header such as X-Forwarded-For is whatever its sender likes.
 */
export function createApp(rooms: Rooms, peerOf?: () => string | undefined): App {
  const routes = allRoutes();
  checkRoutes(routes);
  const match = routeTable(routes);
  const app: App = { handle, listen, server: null };

  async function answer(request: Request): Promise<Response> {
    const peer = peerOf === undefined ? app.server?.requestIP(request)?.address : peerOf();
    const address = peer === undefined ? undefined : plainAddress(peer);
    rooms.senders.set(request, { address });
    // Connections are taken for as long as there are new ones: five clients that open one for each request, answered at once, stopped timers
    // and servers' answers for seconds. Answered a turn later, they have their turn like everybody else.
    await turn();
    const refusal = refusalAtDoor(request.headers, rooms.config);
    if (refusal !== undefined) throw new Problem("forbidden", refusal.detail, { hint: refusal.hint });
    const keepOpen = () => void app.server?.timeout(request, 0);
    const path = pathOf(request);
    const answered = answeredAtDoor(request, path, rooms.config);
    if (answered !== undefined) return answered;
    const endpoint = endpointAt(path);
    if (endpoint !== undefined) {
      // A tool may take longer than the time after which a silent connection is closed.
      keepOpen();
      const response = await rooms.gateway.handle(request, endpoint);
      // An answer that nobody reads is not kept for ever.
      if (response.headers.get("content-type") !== streamHeaders["content-type"])
        app.server?.timeout(request, idleSeconds);
      return response;
    }
    const found = match(request.method, path);
    if (found === undefined) throw noRoute();
    if ("allow" in found) return notAllowed(found.allow);
    return await runRoute(found.route, { request, params: found.params, address, keepOpen }, rooms);
  }

  function handle(request: Request): Promise<Response> {
    const requestId = newId();
    return answer(request)
      .catch((error: unknown) => {
        void noteRefusal(error, request, rooms);
        return problemResponse(error, request, { requestId, log: rooms.log, oauth: rooms.config.oauth });
      })
      .then((response) => withCors(signed(response, requestId), request, rooms.config.allowedOrigins));
  }

  function listen(options: Listening): void {
    app.server = Bun.serve({
      ...options,
      reusePort: false,
      development: false,
      fetch: (request) =>
        handle(request).catch((error: unknown) =>
          problemResponse(error, request, { requestId: newId(), log: rooms.log }),
        ),
    });
  }

  return app;
}

/** What the log calls this request, and who answers: a command line of another version can say why it was not understood. */
function signed(response: Response, requestId: string): Response {
  response.headers.set("x-request-id", requestId);
  response.headers.set("x-mcpctl-version", version);
  return response;
}

const noRoute = () =>
  new Problem("not_found", "There is nothing at this address", {
    hint: "MCP is at /projects/PROJECT/mcp, and /openapi.json tells of all else",
  });

const notAllowed = (allow: readonly string[]) =>
  Response.json(new Problem("invalid", `This address takes ${allow.join(", ")}`, { status: 405 }).toJSON(), {
    status: 405,
    headers: { allow: allow.join(", "), "content-type": "application/problem+json" },
  });
