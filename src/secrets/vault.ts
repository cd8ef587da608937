import { randomBytes } from "../lib/crypto.ts";
import { Problem } from "../lib/problem.ts";
import type { SealedSecret } from "../storage/sealed.ts";
import type { MasterKey } from "./master-key.ts";
import { createSealing } from "./sealing.ts";

/** The only plaintext of secrets. Envelope: a fresh data key for each writing, wrapped by the master key (AES-256-GCM throughout). */
export type Vault = {
  seal: (secretId: string, version: number, data: Record<string, string>) => SealedSecret;
  /** @throws Problem `internal` when the row was tampered with, moved, or written with another key */
  open: (sealed: SealedSecret, currentVersion: number) => Record<string, string>;
};

export function createVault(master: MasterKey): Vault {
  const wrapping = master.derive("wrap");
  return {
    seal(secretId, version, data) {
      const dataKey = randomBytes(32);
      const bound = boundTo(secretId, version);
      return {
        secretId,
        version,
        keyId: master.id,
        wrappedKey: encrypt(wrapping, dataKey, bound),
        ciphertext: encrypt(dataKey, Buffer.from(JSON.stringify(data)), bound),
      };
    },
    open({ secretId, keyId, wrappedKey, ciphertext }, currentVersion) {
      if (keyId !== master.id) throw new Problem("internal", `secret ${secretId} was sealed with another master key`);
      // The version comes from the secret's own row, so that an older ciphertext put back is refused too.
      const bound = boundTo(secretId, currentVersion);
      try {
        const dataKey = decrypt(wrapping, wrappedKey, bound);
        return JSON.parse(decrypt(dataKey, ciphertext, bound).toString()) as Record<string, string>;
      } catch (error) {
        throw new Problem("internal", `secret ${secretId} does not open: its row was changed`, { cause: error });
      }
    },
  };
}

const boundTo = (secretId: string, version: number) => Buffer.from(`secret/${secretId}/${version}`);

const encrypt = (key: Buffer, plain: Buffer, bound: Buffer): string =>
  createSealing(key).seal(plain, bound).toString("hex");

const decrypt = (key: Buffer, box: string, bound: Buffer): Buffer =>
  createSealing(key).open(Buffer.from(box, "hex"), bound);
