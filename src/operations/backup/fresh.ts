import { backupTables, countRows, insertRow, rowsOf } from "../../storage/backup.ts";
import type { Op, Row } from "../../storage/op.ts";
import { findResource, listResources, type StoredResource } from "../../storage/resources.ts";

const sessions = { name: "sessions", key: ["id"], owner: "user_id" } as const;

/** Of an instance that was started and not used: what its first start made, and the logins of that administrator. */
export type Fresh = { user: StoredResource; definition: StoredResource; logins: Row[] };

/** Nothing is lost when this makes room for what a backup says. Undefined when there is more than that. */
export function* freshInstance(): Op<Fresh | undefined> {
  const [user] = yield* listResources("user");
  const [definition] = yield* listResources("rbac");
  const resources = yield* countRows(backupTables[0]);
  if (resources !== 2 || user?.version !== 1 || definition?.version !== 1) return undefined;
  return { user, definition, logins: yield* rowsOf(sessions, user.id) };
}

/** Whoever is logged in there, as the only one there was, is now logged in as the restored account of that name. Answers whether there is one. */
export function* moveLogins({ user, logins }: Fresh): Op<boolean> {
  const restored = yield* findResource("user", user.name);
  if (restored === undefined) return false;
  for (const login of logins) yield* insertRow(sessions, { ...login, user_id: restored.id });
  return true;
}
