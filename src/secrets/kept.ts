import { parsedJson } from "../lib/json.ts";
import { getMeta, setMeta } from "../storage/meta.ts";
import type { Op } from "../storage/op.ts";
import type { SealedSecret } from "../storage/sealed.ts";
import type { Vault } from "./vault.ts";

/** What the instance keeps sealed for itself: keys that came with a backup, an address that may have a password in it. */
export type KeptName = "bearer-keys" | "git-backup";

/** @throws Problem `internal` when it was tampered with, or sealed with another master key */
export function* getKept(vault: Vault, name: KeptName): Op<Record<string, string> | undefined> {
  const sealed = parsedJson((yield* getMeta(`kept/${name}`)) ?? "");
  return sealed === undefined ? undefined : vault.open(sealed as SealedSecret, 1);
}

export function* putKept(vault: Vault, name: KeptName, data: Record<string, string>): Op<void> {
  yield* setMeta(`kept/${name}`, JSON.stringify(vault.seal(`kept/${name}`, 1, data)));
}
