import type { Source } from "../rbac/source.ts";
import type { Resource } from "../resources/define.ts";
import { deleteSession, listSessions, type Session } from "../storage/identity.ts";

/** Logins as a kind: seen, and ended by deleting them. */
export const sessionSource: Source = {
  *list() {
    return (yield* listSessions()).map(presentSession);
  },
  *find(ref) {
    const session = (yield* listSessions()).find(({ id }) => id === ref);
    return session === undefined ? undefined : presentSession(session);
  },
  *remove(session) {
    yield* deleteSession(session.id);
  },
};

function presentSession({ id, ownerName, label, createdAt, expiresAt }: Session & { ownerName: string }): Resource {
  const made = new Date(createdAt).toISOString();
  const end = expiresAt === null ? {} : { expiresAt: new Date(expiresAt).toISOString() };
  return { id, name: id, owner: ownerName, label, ...end, version: 1, createdAt: made, updatedAt: made };
}
