import { bearerIn, stateOf } from "../../auth/authenticate.ts";
import { bearerKind, shaOf, storedAs, tokenSubject } from "../../auth/bearer.ts";
import { durationOf } from "../../auth/ttl.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import type { Rotation } from "../../rbac/guarded-store.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import { findTokenByHash } from "../../storage/tokens.ts";
import { readJson } from "../body.ts";
import { asCaller, type Route } from "../route.ts";

const tag = McpToken.plural;
const project = "The token's project";
const longestOverlapMs = 7 * 86_400_000;

/** What is done with tokens besides creating, listing and deleting them. */
export const tokenRoutes: Route[] = [
  {
    method: "GET",
    path: "/api/v1/mcptokens/introspect",
    permission: "public",
    tag,
    summary: "What the token in the Authorization header is: active, revoked, expired or unknown",
    handle: ({ request }, { db, hashKeys, clock }) => {
      const bearer = bearerIn(request.headers.get("authorization"));
      if (bearer === undefined || bearerKind(bearer) !== "token") return { state: "unknown" };
      return db.read(function* () {
        const token = yield* storedAs(hashKeys, bearer, findTokenByHash);
        if (token === undefined) return { state: "unknown" };
        const state = stateOf(token, clock.now());
        const { name, projectName: project, hash: stored } = token;
        return { state, name, project, sha: shaOf(stored), subject: tokenSubject(stored) };
      });
    },
  },
  {
    method: "POST",
    path: "/api/v1/mcptokens/:ref/revoke",
    permission: { store: { verb: "delete", resource: McpToken.plural } },
    tag,
    summary: "Revoke a token, by id, or by name with ?project=. Final; refused at the very next request",
    query: { project },
    handle: async (call, rooms) => {
      const { ref = "" } = call.params;
      const within = call.query.get("project") ?? undefined;
      return await asCaller("write", call, rooms, (rights) => rooms.store.revoke(rights, McpToken, ref, within));
    },
  },
  {
    method: "POST",
    path: "/api/v1/mcptokens/:ref/rotate",
    permission: { store: { verb: "create", resource: McpToken.plural } },
    tag,
    summary: "A new token in the place of this one, by id, or by name with ?project=; shown this once",
    query: { project },
    body: () =>
      Type.Object({
        overlap: Type.Optional(
          Type.String({ description: "How long both are accepted: 24h, at most 7d; 0 when absent" }),
        ),
        ttl: Type.Optional(
          Type.String({ description: "How long the new one lives; as long as the old one when absent" }),
        ),
      }),
    handle: async (call, rooms) => {
      const by = rotationOf(await readJson(call.request));
      const { ref = "" } = call.params;
      const within = call.query.get("project") ?? undefined;
      const saved = await asCaller("write", call, rooms, (rights) =>
        rooms.store.rotate(rights, McpToken, ref, by, within),
      );
      return { ...saved.resource, token: saved.token };
    },
  },
];

function rotationOf(body: unknown): Rotation {
  const { overlap = "0s", ttl, ...rest } = (body ?? {}) as Record<string, unknown>;
  if (Object.keys(rest).length > 0 || (ttl !== undefined && typeof ttl !== "string"))
    throw new Problem("invalid", "The body is {overlap?: DURATION, ttl?: DURATION}");
  const overlapMs = typeof overlap === "string" ? durationOf(overlap) : undefined;
  if (overlapMs === undefined || overlapMs > longestOverlapMs) {
    throw new Problem("invalid", "the overlap is a duration of at most 7d", {
      fields: [{ path: "/overlap", message: "write 30m, 24h or 7d; leave it out to end the old token at once" }],
    });
  }
  return ttl === undefined ? { overlapMs } : { overlapMs, ttl };
}
