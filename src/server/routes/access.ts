import { openSession } from "../../auth/session.ts";
import { sessionSource } from "../../auth/session-source.ts";
import { expiryOf } from "../../auth/ttl.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { Group } from "../../resources/group.ts";
import { McpToken } from "../../resources/mcp-token.ts";
import { ServiceAccount } from "../../resources/service-account.ts";
import { Session } from "../../resources/session.ts";
import { User } from "../../resources/user.ts";
import { readJson } from "../body.ts";
import { asCaller, type Route } from "../route.ts";
import { subjectRights } from "../subject-rights.ts";

/** What those who are given rights have, and the logins of those who have no password. */
export const accessRoutes: Route[] = [
  ...[User, Group, ServiceAccount, McpToken].map(
    (kind): Route => ({
      method: "GET",
      path: `/api/v1/${kind.plural}/:ref/rights`,
      permission: { store: { verb: "view", resource: kind.plural } },
      tag: kind.plural,
      summary: "Every right, direct and through groups, and which definition gives it",
      ...(kind === McpToken ? { query: { project: "The token's project" } } : {}),
      handle: (call, rooms) =>
        asCaller("read", call, rooms, function* (rights) {
          const project = call.query.get("project") ?? undefined;
          const item = yield* rooms.store.get(rights, kind, call.params["ref"] ?? "", project);
          return yield* subjectRights(rights, kind, item, rooms.clock.now());
        }),
    }),
  ),
  {
    method: "POST",
    path: "/api/v1/serviceaccounts/:ref/sessions",
    permission: { store: { verb: "update", resource: "serviceaccounts" } },
    tag: ServiceAccount.plural,
    summary: "A login for a service account, shown this once; whoever asks must hold all that the account holds",
    body: () =>
      Type.Object({
        ttl: Type.Optional(
          Type.String({ description: "30d, 12h, never, or an ISO 8601 instant; the server's default when absent" }),
        ),
        label: Type.Optional(Type.String({ maxLength: 200, description: "What it is for" })),
      }),
    status: 201,
    handle: async (call, rooms) => {
      const { ttl, label } = loginOf(await readJson(call.request));
      const now = rooms.clock.now();
      const expiresAt = expiryOf(ttl, now, rooms.config.tokens);
      return await asCaller("write", call, rooms, function* (rights) {
        const account = yield* rooms.store.takeOver(rights, ServiceAccount, call.params["ref"] ?? "");
        const { id, token } = yield* openSession(rooms.hashKeys, account.id, label, now, expiresAt);
        const after = yield* sessionSource.find(id);
        yield* rooms.record(rights, { kind: Session, action: "create", after });
        return {
          serviceaccount: account.name,
          token,
          ...(expiresAt === null ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
        };
      });
    },
  },
];

function loginOf(body: unknown): { ttl: string | undefined; label: string } {
  const { ttl, label = "service account", ...rest } = (body ?? {}) as Record<string, unknown>;
  const fine = (ttl === undefined || typeof ttl === "string") && typeof label === "string" && label.length <= 200;
  if (!fine || Object.keys(rest).length > 0) throw new Problem("invalid", "The body is {ttl?: DURATION, label?: TEXT}");
  return { ttl, label };
}
