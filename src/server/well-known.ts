import type { Trust } from "../auth/access-token.ts";
import { Problem } from "../lib/problem.ts";

/** Where clients look for OAuth, at the root or below the endpoint, and where they would register without having found any. */
const discovery = /(?:^|\/)\.well-known(?:\/|$)|^\/(?:register|authorize|token)\/?$/;
const metadata = /^\/\.well-known\/oauth-protected-resource(\/.*?)?\/?$/;

/** Everything below these is an MCP endpoint, whichever it is. */
const endpoint = /^\/(?:mcp|projects)(?:\/|$)/;
export const isEndpoint = (path: string): boolean => endpoint.test(path) && !discovery.test(path);

/**
 * The answer at an address of discovery; undefined at any other. Without an authorization server of the operator's there is none: a document,
 * or a 404 that is no JSON, makes clients with a token of their own ask for a login that cannot work (reference/clients.md §6.3).
 */
export function wellKnown(request: Request, path: string, oauth: Trust | undefined): Response | undefined {
  if (!discovery.test(path)) return undefined;
  const [isMetadata, at = ""] = metadata.exec(path) ?? [];
  if (oauth === undefined || isMetadata === undefined || (at !== "" && !isEndpoint(at))) return nothingHere();
  if (request.method !== "GET") return Response.json(null, { status: 405, headers: { allow: "GET" } });
  const { issuer, scopes } = oauth;
  const document = {
    resource: publicUrl(request, oauth) + at,
    authorization_servers: [issuer],
    bearer_methods_supported: ["header"],
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    resource_name: "mcpctl",
  };
  return Response.json(document, { headers: { "cache-control": "no-store" } });
}

/** Where the metadata of an address is, for the challenge of a 401. */
export const metadataUrl = (request: Request, path: string, oauth: Trust): string =>
  `${publicUrl(request, oauth)}/.well-known/oauth-protected-resource${isEndpoint(path) ? path.replace(/\/$/, "") : ""}`;

/** How clients reach us: as configured, or by the Host that the front door has let in. Nothing is decided by it. */
const publicUrl = (request: Request, { resource }: Trust): string =>
  resource ?? `http://${request.headers.get("host") ?? ""}`;

/** Also an OAuth error, since those who come here show its description. */
function nothingHere(): Response {
  const detail = "mcpctl issues no OAuth tokens: send `Authorization: Bearer TOKEN` with a token of mcpctl";
  const problem = new Problem("not_found", detail, { hint: "mcpctl token create NAME -p PROJECT" });
  return Response.json(
    { ...problem.toJSON(), error: "invalid_request", error_description: detail },
    { status: 404, headers: { "cache-control": "no-store" } },
  );
}
