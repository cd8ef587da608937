import { type Op, type Row, sql } from "./op.ts";

/** A secret's values as they lie on disk: hex throughout, each part with its nonce and tag. */
export type SealedSecret = { secretId: string; version: number; keyId: string; wrappedKey: string; ciphertext: string };

export function* putSealed(sealed: SealedSecret): Op<void> {
  const { secretId, version, keyId, wrappedKey, ciphertext } = sealed;
  yield sql`INSERT INTO secret_values (secret_id, version, key_id, wrapped_key, ciphertext)
    VALUES (${secretId}, ${version}, ${keyId}, ${wrappedKey}, ${ciphertext})
    ON CONFLICT (secret_id) DO UPDATE SET version = excluded.version, key_id = excluded.key_id,
      wrapped_key = excluded.wrapped_key, ciphertext = excluded.ciphertext`;
}

export function* findSealed(secretId: string): Op<SealedSecret | undefined> {
  const [row]: Row[] = yield sql`SELECT * FROM secret_values WHERE secret_id = ${secretId}`;
  if (row === undefined) return undefined;
  return {
    secretId: String(row["secret_id"]),
    version: Number(row["version"]),
    keyId: String(row["key_id"]),
    wrappedKey: String(row["wrapped_key"]),
    ciphertext: String(row["ciphertext"]),
  };
}
