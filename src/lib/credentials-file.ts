import { readFileSync } from "node:fs";
import { writePrivately } from "./whole-file.ts";

/**
 * A login and whose it is, by the origin it is for (`http://127.0.0.1:3200`); it is sent nowhere else. One that lies in the system's keyring
 * has no token here, so that the keyring is asked for what it has and for nothing else.
 */
export type Credential = { user: string; token?: string; keyring?: true };
export type Credentials = Record<string, Credential>;

/** Where the command line looks when nobody says where; what `mcpctl serve` listens on without flags. */
export const defaultOrigin = "http://127.0.0.1:3200";

/** What is saved; nothing when there is no file or it makes no sense. */
export function readCredentials(path: string): Credentials {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Credentials) : {};
  } catch {
    return {};
  }
}

/** Keeps, or with `undefined` forgets, the credential of an origin. The file is its owner's alone and is replaced whole. */
export function saveCredential(path: string, origin: string, credential: Credential | undefined): void {
  const { [origin]: _old, ...others } = readCredentials(path);
  writePrivately(
    path,
    `${JSON.stringify(credential === undefined ? others : { ...others, [origin]: credential }, null, 2)}\n`,
  );
}
