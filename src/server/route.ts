import type { TSchema } from "@sinclair/typebox";
import type { Credential } from "../auth/access-token.ts";
import { callerOf } from "../auth/authenticate.ts";
import { Problem } from "../lib/problem.ts";
import type { ResourceVerb } from "../rbac/evaluate.ts";
import { demandOperation } from "../rbac/judge.ts";
import { type Caller, type Rights, rightsOf } from "../rbac/rights.ts";
import type { Op } from "../storage/op.ts";
import type { Rooms } from "./rooms.ts";
import { identified } from "./sender.ts";

/**
 * A request as the router hands it over. `address` is the network address of who sent it; `keepOpen` exempts it from the time limit for
 * silent connections.
 */
export type Arrival = {
  request: Request;
  params: Record<string, string>;
  address: string | undefined;
  keepOpen: () => void;
};

/** What a request came with, once it has been let in. */
export type Call = Arrival & { query: URLSearchParams; caller: Caller | undefined; bearer: Credential };

/**
 * Who may call a route. `store` leaves the decision to the guarded store, which sees the resource itself; `operation` is demanded before
 * the handler runs. There is no default: a route without a permission stops the program at start.
 */
export type Permission =
  | "public"
  | "authenticated"
  | { store: { verb: ResourceVerb; resource: string } }
  | { operation: string };

export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With the names of its parameters: `/api/v1/servers/:ref`. */
  path: string;
  permission: Permission;
  tag: string;
  summary: string;
  query?: Record<string, string>;
  /** The body's schema, made when the document is asked for. */
  body?: () => TSchema;
  /** The answer's schema, where it is not that of the kind. */
  answer?: () => TSchema;
  /** Of the answer's body; JSON when absent. */
  mediaType?: "text/plain" | "text/html" | "application/octet-stream";
  status?: number;
  handle: (call: Call, rooms: Rooms) => unknown;
};

/** Runs one route: permission first, then the work. A handler answers a Response or a value to send as JSON. */
export async function runRoute(route: Route, arrival: Arrival, rooms: Rooms): Promise<Response> {
  const { request } = arrival;
  const query = new URL(request.url).searchParams;
  refuseUnknownQuery(route, query);
  const { permission } = route;
  const bearer = permission === "public" ? undefined : await rooms.credentials.of(request);
  const caller = permission === "public" ? undefined : await identify(bearer, rooms);
  if (caller !== undefined) identified(rooms.senders, request, caller);
  const call: Call = { ...arrival, query, caller, bearer };
  if (typeof permission === "object" && "operation" in permission) {
    await asCaller("read", call, rooms, function* (rights) {
      demandOperation(rights, permission.operation);
    });
  }
  const answer = await route.handle(call, rooms);
  if (answer instanceof Response) return answer;
  return Response.json(answer ?? {}, { status: route.status ?? 200, headers: { "cache-control": "no-store" } });
}

/** Who sends this request. @throws Problem `unauthenticated` */
const identify = (bearer: Credential, { db, hashKeys, clock }: Rooms): Promise<Caller> =>
  db.read(() => callerOf(hashKeys, bearer, clock.now()));

/** Runs an operation with the caller's rights of this very moment: the bearer is looked at again, in one transaction with the work. */
export const asCaller = <T>(
  mode: "read" | "write",
  { bearer, address }: Call,
  { db, hashKeys, clock }: Rooms,
  operation: (rights: Rights) => Op<T>,
): Promise<T> =>
  db[mode](function* () {
    return yield* operation({ ...(yield* rightsOf(yield* callerOf(hashKeys, bearer, clock.now()))), address });
  });

export function must(caller: Caller | undefined): Caller {
  if (caller === undefined) throw new Problem("internal", "a route that needs a caller was declared public");
  return caller;
}

function refuseUnknownQuery(route: Route, query: URLSearchParams): void {
  const known = Object.keys(route.query ?? {});
  const unknown = [...query.keys()].find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const words = known.length === 0 ? "this address takes no query" : `the query takes ${known.join(", ")}`;
  throw new Problem("invalid", `There is an unknown query parameter: ${words}`);
}

/** @throws Error before any is served, so that none can be reached without somebody having said who may */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>();
  for (const { method, path, permission } of routes) {
    if (permission === undefined) throw new Error(`${method} ${path} declares no permission`);
    if (seen.has(`${method} ${path}`)) throw new Error(`${method} ${path} is declared twice`);
    seen.add(`${method} ${path}`);
  }
}
