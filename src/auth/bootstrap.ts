import { randomBytes } from "../lib/crypto.ts";
import { newId } from "../lib/id.ts";
import { everything } from "../rbac/safeguards.ts";
import { setPassword } from "../storage/identity.ts";
import type { Database } from "../storage/op.ts";
import { findResource, insertResource, resourceIds } from "../storage/resources.ts";
import { setSubjects } from "../storage/subjects.ts";
import { hashPassword } from "./password.ts";

export const adminEmail = "admin@localhost";
const definitionName = "administrators";

/** Who was made, and the password that is shown once; undefined when the database has users already. */
export type FirstAdministrator = { email: string; password: string } | undefined;

/** The first administrator of a new database: every kind, every operation. All of it or nothing. */
export async function bootstrap(db: Database, now: number): Promise<FirstAdministrator> {
  if ((await db.read(() => resourceIds("user"))).length > 0) return undefined;
  const password = randomBytes(12).toString("base64url");
  const hash = await hashPassword(password);
  const row = (kind: string, name: string, fields: Record<string, unknown>) =>
    ({ id: newId(), kind, name, version: 1, fields, createdAt: now, updatedAt: now }) as const;
  const user = row("user", adminEmail, { displayName: "Administrator" });
  const definition = row("rbac", definitionName, {
    description: "May do everything; made at the first start",
    subjects: [{ kind: "User", name: adminEmail }],
    roleBindings: everything,
  });
  await db.write(function* () {
    yield* insertResource(user);
    yield* setPassword(user.id, hash, now);
    yield* insertResource(definition);
    yield* setSubjects(definition.id, [`User:${user.id}`]);
  });
  return { email: adminEmail, password };
}

/** The administrator whose credential serve leaves for the person who started it; undefined once that account is gone. */
export function* localAdministrator() {
  return yield* findResource("user", adminEmail);
}
