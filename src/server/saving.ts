import type { Mode } from "../rbac/guarded-store.ts";
import type { Rights } from "../rbac/rights.ts";
import type { Resource } from "../resources/define.ts";
import type { Manifest } from "../resources/parse.ts";
import type { Op } from "../storage/op.ts";
import { hashed } from "./hashed.ts";
import { found, keysRefused, probedBy } from "./probed.ts";
import type { Rooms } from "./rooms.ts";
import { asCaller, type Call } from "./route.ts";
import { withWarnings } from "./warnings.ts";

/** Saves one manifest with all that belongs to it; answers the resource as its route does. `expected` is the version that is replaced. @throws Problem */
export async function save(
  manifest: Manifest,
  mode: Mode,
  call: Call,
  rooms: Rooms,
  expected?: number,
): Promise<Resource & { token?: string }> {
  const { kind } = manifest;
  const [ready = manifest] = await hashed([manifest], mode, call, rooms);
  const write = (rights: Rights) => rooms.store.save(rights, ready, mode, expected);
  const rehearsed = function* (rights: Rights): Op<Manifest[]> {
    yield* write(rights);
    return [ready];
  };
  const heard = await found([ready], rehearsed, call, rooms);
  const badKey = keysRefused(heard);
  if (badKey !== undefined) throw badKey;
  const saved = await asCaller("write", call, rooms, function* (rights) {
    const saved = yield* write(rights);
    return { ...saved, resource: yield* withWarnings(rooms, rights, kind, saved.resource, probedBy(heard)) };
  });
  if (saved.action !== "unchanged") await rooms.changed(kind, saved.resource);
  return { ...rooms.withStatus(kind, saved.resource), ...(saved.token === undefined ? {} : { token: saved.token }) };
}
