import { isObject } from "../lib/object.ts";

/** A signed token, taken apart and not yet believed. */
export type Jwt = {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signed: Buffer;
  signature: Buffer;
};
export type Jwk = JsonWebKey & { kid?: unknown };

/** Longer ones are refused unread. */
const longestJwt = 8 * 1024;
const shape = /^[\w-]+\.[\w-]+\.[\w-]+$/;
export const isJwtShaped = (bearer: string): boolean => shape.test(bearer);

/** Undefined when it is none. */
export function readJwt(text: string): Jwt | undefined {
  if (text.length > longestJwt || !isJwtShaped(text)) return undefined;
  const [first = "", second = "", third = ""] = text.split(".");
  const [header, claims] = [objectIn(first), objectIn(second)];
  if (header === undefined || claims === undefined) return undefined;
  return { header, claims, signed: Buffer.from(`${first}.${second}`), signature: Buffer.from(third, "base64url") };
}

function objectIn(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(part, "base64url")));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

type Algorithm = {
  key: RsaHashedImportParams | EcKeyImportParams | { name: string };
  verify: object;
  fits: (key: Jwk) => boolean;
};

const rsa = (name: string, verify: object): Algorithm => ({
  key: { name, hash: "SHA-256" },
  verify: { name, ...verify },
  // 2048 bits at least: 256 bytes in base64url.
  fits: ({ kty, n = "" }) => kty === "RSA" && n.length >= 342 && n.length <= 1400,
});

/** Signatures by key pairs only. `none` and HMAC are not among them: the first proves nothing, and a public key is no shared secret. */
const algorithms: Record<string, Algorithm> = {
  RS256: rsa("RSASSA-PKCS1-v1_5", {}),
  PS256: rsa("RSA-PSS", { saltLength: 32 }),
  ES256: {
    key: { name: "ECDSA", namedCurve: "P-256" },
    verify: { name: "ECDSA", hash: "SHA-256" },
    fits: ({ kty, crv }) => kty === "EC" && crv === "P-256",
  },
  EdDSA: {
    key: { name: "Ed25519" },
    verify: { name: "Ed25519" },
    fits: ({ kty, crv }) => kty === "OKP" && crv === "Ed25519",
  },
};

export const isAlgorithm = (name: unknown): name is string =>
  typeof name === "string" && Object.hasOwn(algorithms, name);

/** Whether a key may have made signatures of this algorithm. What it says of itself is held against it. */
export function keyFits(jwk: Jwk, algorithm: string): boolean {
  const { alg, use, key_ops } = jwk;
  return (
    (alg === undefined || alg === algorithm) &&
    (use === undefined || use === "sig") &&
    (key_ops === undefined || (Array.isArray(key_ops) && key_ops.includes("verify"))) &&
    algorithms[algorithm]?.fits(jwk) === true
  );
}

/** Whether this key signed it, by the algorithm that its header names. Never throws: a key that is none signed nothing. */
export async function isSignedBy({ header, signed, signature }: Jwt, jwk: Jwk): Promise<boolean> {
  const algorithm = isAlgorithm(header["alg"]) ? algorithms[header["alg"]] : undefined;
  if (algorithm === undefined) return false;
  try {
    const { kty, n, e, crv, x, y } = jwk;
    const material = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, part]) => part !== undefined),
    );
    const key = await crypto.subtle.importKey("jwk", material, algorithm.key, false, ["verify"]);
    return await crypto.subtle.verify(
      algorithm.verify as AlgorithmIdentifier,
      key,
      new Uint8Array(signature),
      new Uint8Array(signed),
    );
  } catch {
    return false;
  }
}
