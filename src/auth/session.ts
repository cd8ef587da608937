import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/id.ts";
import { Problem } from "../lib/problem.ts";
import type { UserFields } from "../resources/user.ts";
import { deleteExpiredSessions, findPassword, insertSession } from "../storage/identity.ts";
import type { Database, Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import { bearerHash, mintBearer } from "./bearer.ts";
import { verifyPassword } from "./password.ts";

const lifetimeMs = 30 * 24 * 3600 * 1000;
const freeAttempts = 5;
const longestPauseMs = 15 * 60 * 1000;
const rememberedAccounts = 10_000;

export type Login = { token: string; expiresAt: number; user: { id: string; name: string } };
export type Logins = { login: (email: string, password: string) => Promise<Login> };

/** Logging in by password, with a growing pause for an account after failures. State is bounded and forgotten on restart. */
export function createLogins(db: Database, hashKey: Buffer, clock: Clock): Logins {
  const failures = new Map<string, { count: number; until: number }>();

  function refuseDuringPause(account: string): void {
    const until = failures.get(account)?.until ?? 0;
    if (until <= clock.now()) return;
    const seconds = Math.ceil((until - clock.now()) / 1000);
    throw new Problem("unauthenticated", `Too many failed logins; this account may try again in ${seconds} s`, {
      status: 429,
    });
  }

  function remember(account: string): void {
    const count = (failures.get(account)?.count ?? 0) + 1;
    const pauseMs = count < freeAttempts ? 0 : Math.min(longestPauseMs, 1000 * 2 ** (count - freeAttempts));
    failures.delete(account);
    failures.set(account, { count, until: clock.now() + pauseMs });
    const oldest = failures.size > rememberedAccounts ? failures.keys().next().value : undefined;
    if (oldest !== undefined) failures.delete(oldest);
  }

  return {
    async login(email, password) {
      const account = email.trim().toLowerCase().slice(0, 256);
      refuseDuringPause(account);
      const found = await db.read(() => accountOf(account));
      const right = await verifyPassword(password, found?.hash);
      if (!right || found === undefined || found.disabled) {
        remember(account);
        throw new Problem("unauthenticated", "E-mail address or password is wrong", {
          hint: "mcpctl login --email ADDRESS",
        });
      }
      failures.delete(account);
      const expiresAt = clock.now() + lifetimeMs;
      const token = await db.write(() => openSession(hashKey, found.user.id, "login", clock.now(), expiresAt));
      return { token, expiresAt, user: found.user };
    },
  };
}

/** A new session's bearer, seen here for the only time. */
export function* openSession(
  hashKey: Buffer,
  userId: string,
  label: string,
  now: number,
  expiresAt: number | null,
): Op<string> {
  const token = mintBearer("session");
  yield* deleteExpiredSessions(now);
  yield* insertSession({ id: newId(), hash: bearerHash(hashKey, token), userId, label, createdAt: now, expiresAt });
  return token;
}

function* accountOf(email: string) {
  const user = yield* findResource("user", email);
  if (user === undefined) return undefined;
  const hash = yield* findPassword(user.id);
  return { user: { id: user.id, name: user.name }, hash, disabled: (user.fields as UserFields).disabled === true };
}
