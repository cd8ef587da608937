import { Type } from "@sinclair/typebox";
import { bearerIn, stateOf } from "../../auth/authenticate.ts";
import { bearerHash, bearerKind, tokenSubject } from "../../auth/bearer.ts";
import { revoke } from "../../auth/token-source.ts";
import { Problem } from "../../lib/problem.ts";
import { demand } from "../../rbac/rights.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import { showBinding } from "../../resources/rbac.ts";
import { deleteSession } from "../../storage/identity.ts";
import { findTokenByHash } from "../../storage/tokens.ts";
import { readJson } from "../body.ts";
import { loginPath, notedLogin } from "../note.ts";
import { asCaller, must, type Route } from "../route.ts";
import { actorOf } from "../sender.ts";

const tag = "auth";

export const sessionRoutes: Route[] = [
  {
    method: "POST",
    path: loginPath,
    permission: "public",
    tag,
    summary: "Log in by e-mail address and password; answers a session token",
    body: () => Type.Object({ email: Type.String(), password: Type.String() }),
    handle: async ({ request }, rooms) => {
      const { email, password } = ((await readJson(request)) ?? {}) as Record<string, unknown>;
      if (typeof email !== "string" || typeof password !== "string" || password.length > 256) {
        throw new Problem("invalid", "The body is {email, password}");
      }
      const { token, expiresAt, user } = await notedLogin(rooms, request, email, rooms.logins.login(email, password));
      return { token, expiresAt: new Date(expiresAt).toISOString(), user };
    },
  },
  {
    method: "POST",
    path: "/api/v1/auth/logout",
    permission: "authenticated",
    tag,
    summary: "End the session that this request was made with",
    handle: async ({ caller, request }, { db, audit, clock, senders }) => {
      const who = must(caller);
      if (who.kind !== "user")
        throw new Problem("invalid", "A token is not logged out but revoked", {
          hint: "mcpctl token revoke NAME -p PROJECT",
        });
      const { address } = senders.get(request) ?? {};
      await db.write(function* () {
        const actor = yield* actorOf(who);
        yield* deleteSession(who.sessionId);
        yield* audit.append([{ at: clock.now(), kind: "logout", outcome: "ok", actor, address, action: "logout" }]);
      });
    },
  },
  {
    method: "GET",
    path: "/api/v1/auth/whoami",
    permission: "authenticated",
    tag,
    summary: "Who this request is made by, and every right with what gives it",
    handle: (call, rooms) =>
      asCaller("read", call, rooms, function* (rights) {
        return {
          subject: rights.subject,
          ...(rights.project === undefined
            ? { user: rights.subject.replace(/^User:/, "") }
            : { project: rights.project.name }),
          bindings: rights.grants.map(({ binding, from }) => ({ binding: showBinding(binding), from })),
        };
      }),
  },
  {
    method: "GET",
    path: "/api/v1/mcptokens/introspect",
    permission: "public",
    tag: McpToken.plural,
    summary: "What the token in the Authorization header is: active, revoked, expired or unknown",
    handle: ({ request }, { db, hashKey, clock }) => {
      const bearer = bearerIn(request.headers.get("authorization"));
      if (bearer === undefined || bearerKind(bearer) !== "token") return { state: "unknown" };
      const hash = bearerHash(hashKey, bearer);
      return db.read(function* () {
        const token = yield* findTokenByHash(hash);
        if (token === undefined) return { state: "unknown" };
        const state = stateOf(token, clock.now());
        return { state, name: token.name, project: token.projectName, subject: tokenSubject(token.hash) };
      });
    },
  },
  {
    method: "POST",
    path: "/api/v1/mcptokens/:ref/revoke",
    permission: { store: { verb: "delete", resource: McpToken.plural } },
    tag: McpToken.plural,
    summary: "Revoke a token, by id, or by name with ?project=. Final; refused at the very next request",
    query: { project: "The token's project" },
    handle: (call, rooms) =>
      asCaller("write", call, rooms, function* (rights) {
        const project = call.query.get("project") ?? undefined;
        const token = yield* rooms.store.get(rights, McpToken, call.params["ref"] ?? "", project);
        demand(rights, { verb: "delete", resource: McpToken.plural, name: token.name });
        yield* revoke(token, rooms.clock.now());
        return yield* rooms.store.get(rights, McpToken, token.id);
      }),
  },
];
