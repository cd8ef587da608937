import { hashPasswords } from "../auth/asides.ts";
import type { Mode } from "../rbac/guarded-store.ts";
import type { Manifest } from "../resources/parse.ts";
import type { Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";

/**
 * Manifests with their passwords hashed, for those who may write these users at all: two hashes are made at once, logins wait in the same
 * line, and whoever may nothing could otherwise fill it. The write itself asks again.
 * @throws Problem `forbidden` before any work is done
 */
export async function hashed(
  manifests: readonly Manifest[],
  mode: Mode,
  call: Call,
  rooms: Rooms,
): Promise<Manifest[]> {
  const costly = manifests.filter(({ kind, fields }) => kind.kind === "user" && fields["password"] !== undefined);
  if (costly.length > 0)
    await asCaller("read", call, rooms, function* (rights) {
      for (const manifest of costly) yield* rooms.store.admit(rights, manifest, mode);
    });
  return await hashPasswords(manifests);
}
