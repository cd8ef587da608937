import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "../../lib/crypto.ts";

/**
 * By what our containers are known from everybody else's, who may use the same engine from a data folder of the same name: out of the folder's
 * place, and a number of its own that is made with the first container. Undefined: there was none yet.
 */
export function markOf(dataDir: string): string | undefined {
  try {
    return digest(dataDir, readFileSync(fileOf(dataDir), "utf8").trim());
  } catch {
    return undefined;
  }
}

export function makeMark(dataDir: string): string {
  const there = markOf(dataDir);
  if (there !== undefined) return there;
  const own = crypto.randomUUID();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(dataDir), `${own}\n`, { mode: 0o600 });
  return digest(dataDir, own);
}

const digest = (dataDir: string, own: string): string =>
  createHash("sha256").update(`${dataDir}\0${own}`).digest("hex").slice(0, 32);

const fileOf = (dataDir: string) => join(dataDir, "containers.id");
