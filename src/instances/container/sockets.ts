import { Problem } from "../../lib/problem.ts";
import { type Engine, engineAt } from "./engine.ts";

/** Where an engine may be listening. `chosen` is our own setting, `dockerHost` what other tools go by; whichever is given is the only one that counts. */
export type Whereabouts = {
  chosen: string | undefined;
  dockerHost: string | undefined;
  runtimeDir: string | undefined;
  uid: number | undefined;
};

/** In the order in which they are tried: the user's own podman, the machine's, Docker. */
export function socketsOf({ chosen, dockerHost, runtimeDir, uid }: Whereabouts): string[] {
  // Nothing but a socket of this machine: an engine elsewhere would open its ports elsewhere.
  const named = chosen ?? /^unix:\/\/(\/.+)$/.exec(dockerHost ?? "")?.[1];
  if (named !== undefined) return [named];
  const own = [runtimeDir, uid === undefined ? undefined : `/run/user/${uid}`].flatMap((folder) =>
    folder === undefined ? [] : [`${folder}/podman/podman.sock`],
  );
  return [...new Set([...own, "/run/podman/podman.sock", "/var/run/docker.sock"])];
}

const pingMs = 2_000;

/** The first that answers. @throws Problem `unavailable` that names each one tried, and how to start one */
export async function findEngine(sockets: readonly string[]): Promise<Engine> {
  const tried: string[] = [];
  for (const socket of sockets) {
    const engine = engineAt(socket);
    const failure = await engine.ping(pingMs);
    if (failure === undefined) return engine;
    tried.push(`${socket} (${failure})`);
  }
  throw new Problem(
    "unavailable",
    `an image needs podman or Docker, and no container engine answers; tried ${tried.join(", ")}. Start one with ` +
      "`systemctl --user start podman.socket`, `podman system service --time=0 &` or `systemctl start docker`, or name its socket with --container-socket",
  );
}
