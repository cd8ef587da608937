import type { Endpoint } from "../src/mcp/endpoint.ts";
import type { Head, Visitor } from "../src/mcp/visit.ts";

/** A request for the gateway that comes over no socket. */
export function visitorOf(request: Request, endpoint: Endpoint): Visitor & { answered: Promise<Response> } {
  const { promise: answered, resolve, reject } = Promise.withResolvers<Response>();
  answered.catch(() => {});
  return {
    request,
    endpoint,
    address: undefined,
    caller: undefined,
    answered,
    answer: (body, head: Head) => resolve(new Response(body, head)),
    lasts: () => {},
    fail: reject,
    over: () => reject(new Error("nothing was answered")),
  };
}
