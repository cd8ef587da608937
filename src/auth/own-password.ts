import type { Clock } from "../lib/clock.ts";
import { Problem } from "../lib/problem.ts";
import type { Recorder } from "../rbac/record.ts";
import { type Rights, rightsOf } from "../rbac/rights.ts";
import { present } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import { User } from "../resources/user.ts";
import { deleteOtherSessionsOf, findPassword, setPassword } from "../storage/identity.ts";
import type { Database, Op } from "../storage/op.ts";
import { findResource } from "../storage/resources.ts";
import type { Account, Attempts } from "./attempts.ts";
import { hashPassword } from "./password.ts";

type Needs = { db: Database; clock: Clock; attempts: Attempts; record: Recorder };

/** Whose password, in which login, and from where it is changed. */
export type PasswordChange = {
  userId: string;
  sessionId: string;
  current: string;
  next: string;
  address: string | undefined;
};

/**
 * Changing one's own password takes the current one: a login that was left open is not the account. A wrong one counts as a failed login.
 * Every other login of the user ends; who has stolen one is out.
 * @throws Problem `invalid`, `conflict`, or 429 during a pause
 */
export function ownPassword({ db, clock, attempts, record }: Needs) {
  return async ({ userId, sessionId, current, next, address }: PasswordChange): Promise<void> => {
    const { account, user, rights } = await db.read(() => accountWith(userId, sessionId));
    const attempt = { account: account.user.name, password: current, address };
    if ((await attempts.judge(attempt, async () => account)) === undefined)
      throw refused("/current", "is not your password");
    if (next === current) throw refused("/next", "is the password you have already");
    const hash = await hashPassword(next);
    await db.write(function* () {
      // Hashing took a while: a password that an administrator has set meanwhile stays.
      if ((yield* findPassword(userId)) !== account.hash)
        throw new Problem("conflict", "your password was changed meanwhile", { hint: "mcpctl login" });
      yield* setPassword(userId, hash, clock.now());
      yield* deleteOtherSessionsOf(userId, sessionId);
      const secrets = { password: next };
      yield* record({ ...rights, address }, { kind: User, action: "update", before: user, after: user, secrets });
    });
  };
}

/** @throws Problem `unauthenticated` when the account is gone or disabled, which its login does not say; `forbidden` when it is no user's */
function* accountWith(userId: string, sessionId: string): Op<{ account: Account; user: Resource; rights: Rights }> {
  const rights = yield* rightsOf({ kind: "session", principalId: userId, sessionId });
  const user = yield* findResource("user", userId);
  if (user === undefined)
    throw new Problem("forbidden", "A service account has no password", { hint: "mcpctl auth session NAME" });
  const hash = yield* findPassword(userId);
  return { account: { user: { id: userId, name: user.name }, hash, disabled: false }, user: present(user), rights };
}

const refused = (path: string, message: string) =>
  new Problem("invalid", "the password is not changed", { fields: [{ path, message }] });
