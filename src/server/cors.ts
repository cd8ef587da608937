/** What a page of an allowed origin may send and read (reference/clients.md §6.5). `*` is never an answer: who may ask is a list. */
const sent = [
  "authorization",
  "content-type",
  "accept",
  "mcp-session-id",
  "mcp-protocol-version",
  "last-event-id",
  "mcp-method",
  "mcp-name",
] as const;
const read = "mcp-session-id, www-authenticate, mcp-protocol-version, x-request-id, x-mcpctl-version";
const methods = ["GET", "POST", "DELETE", "OPTIONS"] as const;
/** A tool's arguments may be mirrored in headers, whose names only the tool knows. */
const mirrored = /^mcp-param-[\w!#$%&'*+.^`|~-]{1,128}$/;
const mostMirrored = 64;
const rememberedSeconds = 600;

/** The answer to OPTIONS, for which a browser has no token. That the page may ask at all is added by `withCors`, as to any answer. */
export function preflight(request: Request, path: string): Response {
  const offered = path.startsWith("/api/") ? [...methods, "PUT", "PATCH"] : methods;
  const headers = new Headers({ allow: offered.join(", "), "cache-control": "no-store" });
  if (request.headers.has("access-control-request-method")) {
    const asked = (request.headers.get("access-control-request-headers") ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim());
    const also = asked.filter((name) => mirrored.test(name)).slice(0, mostMirrored);
    headers.set("access-control-allow-methods", offered.join(", "));
    headers.set("access-control-allow-headers", [...sent, ...also].join(", "));
    headers.set("access-control-max-age", String(rememberedSeconds));
    if (request.headers.get("access-control-request-private-network") === "true")
      headers.set("access-control-allow-private-network", "true");
  }
  return new Response(null, { status: 204, headers });
}

/**
 * Every answer, refusals among them: without this a page sees only "network error". A page of our own origin needs none of it, and what no page
 * asked for is as it was.
 */
export function withCors(response: Response, request: Request, allowedOrigins: readonly string[]): Response {
  const origin = request.headers.get("origin");
  if (origin === null && request.method !== "OPTIONS") return response;
  const { headers } = response;
  if (origin !== null && allowedOrigins.includes(origin)) {
    headers.set("access-control-allow-origin", origin);
    headers.set("access-control-expose-headers", read);
    return response;
  }
  // Only a preflight is granted anything before it is known whose page asks.
  if (request.method !== "OPTIONS") return response;
  for (const name of [...headers.keys()]) if (name.startsWith("access-control-")) headers.delete(name);
  return response;
}
