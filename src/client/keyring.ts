import { existsSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../lib/problem.ts";
import { within } from "../lib/wait.ts";

/** Where the system keeps secrets for its user: the keychain of macOS, the credentials of Windows, what speaks Secret Service on Linux. */
export type Keyring = {
  get: (origin: string) => Promise<string | undefined>;
  set: (origin: string, token: string) => Promise<void>;
  remove: (origin: string) => Promise<void>;
};

const service = "mcpctl";

/** A locked keyring asks its user, and where nobody sees the question it never answers. */
const boundMs = 2_000;

/**
 * The keyring of this system. Each of its operations throws a Problem `unavailable` when the keyring refuses or says nothing within two
 * seconds; `onSilence` is then told, since the platform goes on waiting and keeps the process with it.
 */
export function systemKeyring(onSilence: () => void): Keyring {
  const refused = (how: string, cause?: unknown) =>
    new Problem("unavailable", `the system's keyring ${how}`, {
      hint: "unlock it; or keep logins in a file: mcpctl config set credentialStore file, and mcpctl login",
      cause,
    });
  async function bounded<T>(work: () => Promise<T>): Promise<T> {
    const answer = work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const first = await within(boundMs, answer);
    if (first === undefined) {
      onSilence();
      throw refused("does not answer");
    }
    if ("error" in first) throw refused("cannot be used", first.error);
    return first.value;
  }
  return {
    get: async (name) => (await bounded(() => Bun.secrets.get({ service, name }))) ?? undefined,
    set: (name, value) => bounded(() => Bun.secrets.set({ service, name, value })),
    remove: async (name) => void (await bounded(() => Bun.secrets.delete({ service, name }))),
  };
}

/** Whether it is worth asking: on Linux a keyring is reached over the session's bus, and servers and containers have none. */
export function mayHaveKeyring(platform: string, variables: Record<string, string | undefined>): boolean {
  if (platform !== "linux" || (variables["DBUS_SESSION_BUS_ADDRESS"] ?? "") !== "") return true;
  const folder = variables["XDG_RUNTIME_DIR"] ?? "";
  return folder !== "" && existsSync(join(folder, "bus"));
}
