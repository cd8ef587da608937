import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import type { UserFields } from "../resources/user.ts";
import { deleteExpiredSessions, findPassword, insertSession } from "../storage/identity.ts";
import type { Database, Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import type { Account, Attempts } from "./attempts.ts";
import { type BearerKeys, bearerHash, mintBearer } from "./bearer.ts";

const lifetimeMs = 30 * 24 * 3600 * 1000;

export type Login = { sessionId: string; token: string; expiresAt: number; user: { id: string; name: string } };
export type Logins = { login: (email: string, password: string, address: string | undefined) => Promise<Login> };

/** Logging in by password; what it costs to guess one is in attempts.ts. */
export function createLogins(db: Database, hashKeys: BearerKeys, clock: Clock, attempts: Attempts): Logins {
  return {
    async login(email, password, address) {
      const account = email.trim().toLowerCase().slice(0, 256);
      const found = await attempts.judge({ account, password, address }, () => db.read(() => accountOf(account)));
      if (found === undefined) throw wrong();
      const expiresAt = clock.now() + lifetimeMs;
      const { id, token } = await db.write(function* () {
        // Checking took a while: a password that was changed meanwhile opens nothing any more.
        if ((yield* findPassword(found.user.id)) !== found.hash) throw wrong();
        return yield* openSession(hashKeys, found.user.id, "login", clock.now(), expiresAt);
      });
      return { sessionId: id, token, expiresAt, user: found.user };
    },
  };
}

const wrong = () =>
  new Problem("unauthenticated", "E-mail address or password is wrong", { hint: "mcpctl login --email ADDRESS" });

/** A new session and its bearer, seen here for the only time. */
export function* openSession(
  hashKeys: BearerKeys,
  userId: string,
  label: string,
  now: number,
  expiresAt: number | null,
): Op<{ id: string; token: string }> {
  const [id, token] = [newId(), mintBearer("session")];
  yield* deleteExpiredSessions(now);
  yield* insertSession({ id, hash: bearerHash(hashKeys[0], token), userId, label, createdAt: now, expiresAt });
  return { id, token };
}

function* accountOf(email: string): Op<Account | undefined> {
  const user = yield* findResource("user", email);
  // Resources are found by id too; an account under a second name would have a second patience.
  if (user?.name !== email) return undefined;
  const hash = yield* findPassword(user.id);
  return { user: { id: user.id, name: user.name }, hash, disabled: (user.fields as UserFields).disabled === true };
}
