/**
 * Digests and random bytes by what Bun has built in. `node:crypto` does the same, and loading it, with the streams it is made of, takes half as long
 * as the start of an empty program: whoever needs its ciphers asks for it then.
 */
export const createHash = (algorithm: "sha1" | "sha256") => new Bun.CryptoHasher(algorithm);

export const createHmac = (algorithm: "sha256", key: string | Uint8Array) => new Bun.CryptoHasher(algorithm, key);

export const randomBytes = (length: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(length)));

/** In the same time wherever they differ. @throws RangeError when they are not of one length */
export const timingSafeEqual = (a: Uint8Array, b: Uint8Array): boolean => crypto.timingSafeEqual(a, b);

/** 32 bytes by HKDF-SHA-256 (RFC 5869): so long as one digest, so that one block is all of it. */
export function hkdf(key: Uint8Array, salt: string, info: string): Buffer {
  const extracted = createHmac("sha256", salt).update(key).digest();
  return Buffer.from(createHmac("sha256", extracted).update(info).update(Buffer.of(1)).digest());
}

export const ciphers = () => process.getBuiltinModule("node:crypto");
