import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { getPermissions } from "../../rbac/permissions.ts";
import { deleteSession } from "../../storage/identity.ts";
import { readJson } from "../body.ts";
import { loginPath, notedLogin } from "../note.ts";
import { asCaller, must, type Route } from "../route.ts";
import { actorOf } from "../sender.ts";
import { shownPermission } from "../subject-rights.ts";

const tag = "auth";

export const sessionRoutes: Route[] = [
  {
    method: "POST",
    path: loginPath,
    permission: "public",
    tag,
    summary: "Log in by e-mail address and password; answers a session token",
    body: () =>
      Type.Object({
        email: Type.String({ description: "Whose account" }),
        password: Type.String({
          description: "After some failures the account, and the address they came from, must wait",
        }),
      }),
    handle: async ({ request, address }, rooms) => {
      const { email, password } = ((await readJson(request)) ?? {}) as Record<string, unknown>;
      if (typeof email !== "string" || typeof password !== "string" || password.length > 256) {
        throw new Problem("invalid", "The body is {email, password}");
      }
      const work = rooms.logins.login(email, password, address);
      const { token, expiresAt, user } = await notedLogin(rooms, address, email, work);
      return { token, expiresAt: new Date(expiresAt).toISOString(), user };
    },
  },
  {
    method: "POST",
    path: "/api/v1/auth/logout",
    permission: "authenticated",
    tag,
    summary: "End the session that this request was made with",
    handle: async ({ caller, address }, { db, audit, clock }) => {
      const who = must(caller);
      if (who.kind !== "session")
        throw new Problem("invalid", "A token is not logged out but revoked", {
          hint: "mcpctl token revoke NAME -p PROJECT",
        });
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
          ...(rights.project === undefined ? { user: rights.user } : { project: rights.project.name }),
          bindings: getPermissions(rights.layers).map(shownPermission),
        };
      }),
  },
];
