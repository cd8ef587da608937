import { Problem } from "../lib/problem.ts";
import type { Op } from "../storage/op.ts";
import type { StoredResource } from "../storage/resources.ts";
import { findSealed, putSealed } from "../storage/sealed.ts";
import type { Vault } from "./vault.ts";

/**
 * What saving a secret does besides its row, in the same transaction: the row keeps the names of the keys, the values are sealed anew
 * under the row's new version. A manifest without `data` keeps the values that are there.
 */
export const secretAside = (vault: Vault) => ({
  *store(row: StoredResource, writeOnly: Record<string, unknown>, existing: StoredResource | undefined) {
    const given = writeOnly["data"] as Record<string, string> | undefined;
    const kept = existing === undefined ? undefined : yield* openSecret(vault, existing);
    const data = given ?? kept;
    if (data === undefined) {
      throw new Problem("invalid", `this secret "${row.name}" is new and has no data`, {
        fields: [{ path: "/data", message: "is required" }],
        hint: `mcpctl create secret ${row.name} --data KEY=VALUE`,
      });
    }
    return {
      fields: { ...row.fields, keys: Object.keys(data).sort() },
      changed: !Bun.deepEquals(data, kept, true),
      formerSecrets: given === undefined || kept === undefined ? undefined : { data: kept },
      after: () => putSealed(vault.seal(row.id, row.version, data)),
    };
  },
});

/** The values of a secret, or undefined when it holds none. @throws Problem `internal` when its row was tampered with */
export function* openSecret(
  vault: Vault,
  secret: { id: string; version: number },
): Op<Record<string, string> | undefined> {
  const sealed = yield* findSealed(secret.id);
  return sealed === undefined ? undefined : vault.open(sealed, secret.version);
}
