import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Problem } from "../lib/problem.ts";
import type { SealedSecret } from "../storage/sealed.ts";
import type { MasterKey } from "./master-key.ts";

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

const nonceBytes = 12;
const tagBytes = 16;
const boundTo = (secretId: string, version: number) => Buffer.from(`secret/${secretId}/${version}`);

/** hex(nonce ‖ tag ‖ ciphertext) */
function encrypt(key: Buffer, plain: Buffer, bound: Buffer): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(bound);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("hex");
}

function decrypt(key: Buffer, box: string, bound: Buffer): Buffer {
  const bytes = Buffer.from(box, "hex");
  const nonce = bytes.subarray(0, nonceBytes);
  const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(bound);
  decipher.setAuthTag(tag);
  return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
}
