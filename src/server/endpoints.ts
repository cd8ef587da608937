import { type Endpoint, endpointAt } from "../mcp/endpoint.ts";
import { pathOf } from "./sender.ts";
import { isEndpoint } from "./well-known.ts";

/** Addresses that were called, each one's endpoint. */
const mostAddresses = 1_024;
/** Longer ones are none that anybody calls twice. */
const longest = 512;

/**
 * The endpoint that a request is for, when it is one that the gateway answers; an address that was seen before is not read again. What browsers and
 * clients ask before they call is answered elsewhere.
 */
export function createEndpoints(): (request: Request) => Endpoint | undefined {
  const known = new Map<string, Endpoint>();
  return (request) => {
    if (request.method === "OPTIONS" || request.method === "HEAD") return undefined;
    const { url } = request;
    const seen = known.get(url);
    if (seen !== undefined) return seen;
    const path = pathOf(request);
    const endpoint = isEndpoint(path) ? endpointAt(path) : undefined;
    if (endpoint === undefined || url.length > longest) return endpoint;
    if (known.size >= mostAddresses) known.clear();
    known.set(url, Object.freeze(endpoint));
    return endpoint;
  };
}
