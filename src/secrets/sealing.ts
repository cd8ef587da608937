import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** AES-256-GCM under one key: nonce ‖ tag ‖ ciphertext, bound to bytes that are not in it. Good for 2^32 boxes a key. */
export type Sealing = {
  seal: (plain: Uint8Array, bound: Uint8Array) => Buffer;
  /** @throws when the box was changed, is bound to something else, or was sealed under another key */
  open: (box: Uint8Array, bound: Uint8Array) => Buffer;
};

const nonceBytes = 12;
const tagBytes = 16;

export const createSealing = (key: Buffer): Sealing => ({
  seal(plain, bound) {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(bound);
    const [body, rest] = [cipher.update(plain), cipher.final()];
    return Buffer.concat([nonce, cipher.getAuthTag(), body, rest]);
  },
  open(box, bound) {
    const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(bound);
    decipher.setAuthTag(box.subarray(nonceBytes, nonceBytes + tagBytes));
    const [body, rest] = [decipher.update(box.subarray(nonceBytes + tagBytes)), decipher.final()];
    return rest.length === 0 ? body : Buffer.concat([body, rest]);
  },
});
