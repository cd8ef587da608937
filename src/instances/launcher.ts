import { longestLine, serverLimitsOf } from "../resources/limits.ts";
import type { ServerFields } from "../resources/server.ts";
import type { Run } from "./channel.ts";
import { startChild } from "./child.ts";
import { confine, thisMachine } from "./confine.ts";
import type { Containers } from "./container/containers.ts";
import { launchOf } from "./launch.ts";
import type { LogRing } from "./log-ring.ts";
import type { Packages } from "./package.ts";
import { createUsageWatch } from "./usage.ts";

/** One run of a server to be started: its variables, secrets included, and where its words go. */
export type Start = {
  server: { id: string; name: string; fields: ServerFields };
  env: Record<string, string>;
  /** Asked for once it is about to run, and not before: fetching what it is made of is no run. */
  log: () => LogRing;
  /** The instance that it is a run of, for marks by which a crash's leftovers are found. */
  instance: string;
  /** Fires when it is not wanted any more: an image that is being pulled is not waited for. */
  signal?: AbortSignal;
};

/** What was started, and which version of a package it was found to be. */
export type Started = Run & { resolved?: string };

/** Starts what a server is made of: a command, a package or an image. @throws Problem `unavailable` when that cannot be done on this machine */
export type Launcher = (start: Start) => Promise<Started>;

export function createLauncher(
  packages: Packages,
  containers: Containers,
  dataDir: string,
  usage = createUsageWatch(),
): Launcher {
  return async (start) => {
    const { server, env, instance } = start;
    const { fields } = server;
    if (fields.image !== undefined) return await containers.run(start);
    const { identity, notes, cwd, ...confined } = confine(fields, thisMachine(), Math.random());
    const { resolved, ...launch } = await launchOf(fields, { ...identity, ...env }, packages);
    const log = start.log();
    for (const note of notes) log.add(`[mcpctl] ${note}`);
    const lineBytes = longestLine(serverLimitsOf(fields));
    const child = startChild({ ...launch, ...confined, cwd, log, dataDir, instance, usage, lineBytes });
    return { via: child, pid: child.pid, closed: child.closed, stop: child.stop, ...(resolved && { resolved }) };
  };
}
