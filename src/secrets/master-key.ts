import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash, hkdf, randomBytes } from "../lib/crypto.ts";
import { Problem } from "../lib/problem.ts";

type Purpose = "wrap" | "bearer" | "audit" | "fingerprint" | "mcp-seal" | "cache-seal" | "cache-name" | "result-id";

/** Keys for one purpose each, so that one that leaks opens nothing else. */
export type MasterKey = {
  /** Names the key in rows and says whether a database is ours; reveals nothing of it. */
  id: string;
  derive: (purpose: Purpose) => Buffer;
};

export type KeyPlaces = { dataDir: string; keyFile?: string | undefined; credentialsDir?: string | undefined };

/**
 * The master key: a systemd credential, the file of `MCPCTL_MASTER_KEY_FILE`, or `<data>/master.key`, which is made for a new database only.
 * `expectedId` is what the database was written with; a key that does not fit refuses to start rather than orphan every secret.
 * @throws Problem `unavailable`
 */
export function loadMasterKey(places: KeyPlaces, expectedId: string | undefined): MasterKey {
  const credential = places.credentialsDir === undefined ? undefined : join(places.credentialsDir, "mcpctl-master");
  const own = join(places.dataDir, "master.key");
  const path = [credential].find((file) => file !== undefined && existsSync(file)) ?? places.keyFile ?? own;
  if (path === own && !existsSync(own)) {
    if (expectedId !== undefined)
      throw refusal(`${own} is missing, but the database was written with a master key`, "put the key file back");
    writeFileSync(own, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  }
  const key = masterKey(readKey(path));
  if (expectedId !== undefined && key.id !== expectedId) {
    throw refusal(
      `The master key in ${path} is not the one this database was written with`,
      "start with the right key; nothing was changed",
    );
  }
  return key;
}

/** From 32 bytes. The id is a one-way function of a key derived for nothing else. */
export function masterKey(bytes: Buffer): MasterKey {
  const derive = (purpose: string) => hkdf(bytes, "mcpctl", purpose);
  return { id: createHash("sha256").update(derive("id")).digest("hex").slice(0, 16), derive };
}

function readKey(path: string): Buffer {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    throw refusal(
      `The master key ${path} cannot be read`,
      "check MCPCTL_MASTER_KEY_FILE and the file's permissions",
      error,
    );
  }
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    throw refusal(`The master key ${path} can be read by other users of this machine`, `chmod 600 ${path}`);
  }
  const bytes = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  if (bytes.length !== 32)
    throw refusal(`The master key ${path} is not 32 bytes in hex or base64`, `openssl rand -hex 32 > ${path}`);
  return bytes;
}

const refusal = (detail: string, hint: string, cause?: unknown) => new Problem("unavailable", detail, { hint, cause });
