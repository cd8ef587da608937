import { ciphers, randomBytes } from "../lib/crypto.ts";

/**
 * AES-256-GCM under one key: nonce ‖ tag ‖ ciphertext, bound to bytes that are not in it. Good for 2^32 boxes a key.
 * Megabytes go piece by piece, so that nobody waits for all of them.
 */
export type Sealing = {
  seal: (plain: Uint8Array, bound: Uint8Array) => Buffer;
  /** @throws when the box was changed, is bound to something else, or was sealed under another key */
  open: (box: Uint8Array, bound: Uint8Array) => Buffer;
  /** `end` answers what stands before the pieces. */
  sealer: (bound: Uint8Array) => { add: (plain: Uint8Array) => Buffer; end: () => Buffer };
  /** What `add` answers is nothing until `end` has not thrown. `box` is a whole one, of which the pieces are asked for. */
  opener: (box: Uint8Array, bound: Uint8Array) => { add: (from: number, to: number) => Buffer; end: () => void };
};

const nonceBytes = 12;
const tagBytes = 16;
const boxOverhead = nonceBytes + tagBytes;

export function createSealing(key: Buffer): Sealing {
  function sealer(bound: Uint8Array) {
    const nonce = randomBytes(nonceBytes);
    const cipher = ciphers().createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
    cipher.setAAD(bound);
    return {
      add: (plain: Uint8Array) => cipher.update(plain),
      end() {
        cipher.final();
        return Buffer.concat([nonce, cipher.getAuthTag()]);
      },
    };
  }

  function opener(box: Uint8Array, bound: Uint8Array) {
    const decipher = ciphers().createDecipheriv("aes-256-gcm", key, box.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(bound);
    decipher.setAuthTag(box.subarray(nonceBytes, boxOverhead));
    return {
      add: (from: number, to: number) => decipher.update(box.subarray(boxOverhead + from, boxOverhead + to)),
      end: () => void decipher.final(),
    };
  }

  return {
    sealer,
    opener,
    seal(plain, bound) {
      const { add, end } = sealer(bound);
      const body = add(plain);
      return Buffer.concat([end(), body]);
    },
    open(box, bound) {
      const { add, end } = opener(box, bound);
      const plain = add(0, box.length);
      end();
      return plain;
    },
  };
}
