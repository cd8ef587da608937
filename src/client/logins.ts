import { join } from "node:path";
import { readCredentials, saveCredential } from "../lib/credentials-file.ts";
import { Problem } from "../lib/problem.ts";
import type { Keyring } from "./keyring.ts";
import type { Settings } from "./settings.ts";

/** Where logins lie: all of them are named in the file, and those of the keyring have their token there. */
export type Store = { home: string; keyring: Keyring | undefined };
export type Place = "file" | "keyring";

const pathIn = (home: string): string => join(home, "credentials");

/** Whose login an instance is talked to with, and where it lies; never the token. */
export function loginsIn(home: string): Record<string, { user: string; place: Place }> {
  const entries = Object.entries(readCredentials(pathIn(home)));
  return Object.fromEntries(
    entries.map(([origin, { user, keyring }]) => [origin, { user, place: keyring === true ? "keyring" : "file" }]),
  );
}

/** The bearer that was saved for an origin: at once where the file has it, else how to ask for it. */
export function savedLogin({ home, keyring }: Store, origin: string) {
  const entry = readCredentials(pathIn(home))[origin];
  if (entry?.keyring !== true) return { token: entry?.token, login: undefined };
  return { token: undefined, login: () => fromKeyring(keyring, origin) };
}

/**
 * Keeps a login; answers where it lies, and why it is not in the keyring where that was tried. What was kept before goes only once the new
 * one is safe.
 * @throws Problem `unavailable` when it must lie in a keyring and cannot
 */
export async function saveLogin(
  { home, keyring }: Store,
  origin: string,
  { user, token }: { user: string; token: string },
  wanted: NonNullable<Settings["credentialStore"]>,
): Promise<{ place: Place; failure?: Problem }> {
  const path = pathIn(home);
  const had = readCredentials(path)[origin]?.keyring === true;
  const tried = wanted === "file" || keyring === undefined ? undefined : await inKeyring(keyring, origin, token);
  if (tried === "kept") {
    saveCredential(path, origin, { user, keyring: true });
    return { place: "keyring" };
  }
  if (wanted === "keyring") throw tried ?? noKeyring();
  saveCredential(path, origin, { user, token });
  // One that has just failed is not waited for again.
  if (had && tried === undefined) await keyring?.remove(origin).catch(() => {});
  return { place: "file", ...(tried === undefined ? {} : { failure: tried }) };
}

async function fromKeyring(keyring: Keyring | undefined, origin: string): Promise<string | undefined> {
  try {
    return await demanded(keyring).get(origin);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { message, hint } = error;
    throw new Problem("unavailable", `the login for ${origin} lies in a keyring: ${message}`, { hint, cause: error });
  }
}

async function inKeyring(keyring: Keyring, origin: string, token: string): Promise<"kept" | Problem> {
  try {
    await keyring.set(origin, token);
    if ((await keyring.get(origin)) === token) return "kept";
    return noKeyring();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Forgets it here, wherever it lies; answers why the keyring still has it, where that is so. */
export async function forgetLogin({ home, keyring }: Store, origin: string): Promise<Problem | undefined> {
  const had = readCredentials(pathIn(home))[origin];
  if (had === undefined) return undefined;
  saveCredential(pathIn(home), origin, undefined);
  if (had.keyring !== true) return undefined;
  try {
    await demanded(keyring).remove(origin);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

const noKeyring = () =>
  new Problem("unavailable", "no keyring can be reached from here", {
    hint: "log in from the desktop session, or keep logins in a file: mcpctl config set credentialStore file",
  });

/** @throws Problem `unavailable` when there is none */
function demanded(keyring: Keyring | undefined): Keyring {
  if (keyring === undefined) throw noKeyring();
  return keyring;
}

/** Whether a login could be kept there, before one is made. @throws Problem `unavailable` when not */
export async function demandKeyring({ keyring }: Store, origin: string): Promise<void> {
  await demanded(keyring).get(origin);
}
