import type { Trust } from "../auth/access-token.ts";
import { InsufficientScope } from "../auth/access-token.ts";
import type { Problem } from "../lib/problem.ts";
import { pathOf } from "./sender.ts";
import { metadataUrl } from "./well-known.ts";

/**
 * The WWW-Authenticate of a refusal. No Bearer challenge: clients with a token of their own take it for an invitation to OAuth
 * (reference/clients.md §6.3). Only where the operator has an authorization server it is one.
 */
export function challengeOf(problem: Problem, request: Request, oauth: Trust | undefined): string | undefined {
  const isTooSmall = problem instanceof InsufficientScope;
  if (problem.status !== 401 && !isTooSmall) return undefined;
  if (oauth === undefined) return isPage(request.headers) ? undefined : 'Basic realm="mcpctl"';
  const error = isTooSmall ? "insufficient_scope" : "invalid_token";
  const parts = [
    ["resource_metadata", metadataUrl(request, pathOf(request), oauth)],
    ["error", isTooSmall || request.headers.has("authorization") ? error : ""],
    ["scope", oauth.scopes.join(" ")],
  ];
  return `Bearer ${parts.flatMap(([key, value]) => (value === "" ? [] : [`${key}="${value}"`])).join(", ")}`;
}

/** To a page there is no Basic challenge either: its browser would pop up a password box. */
const isPage = (headers: Headers) => headers.has("origin") || headers.has("sec-fetch-site");
