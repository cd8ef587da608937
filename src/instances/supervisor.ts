import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import type { Resource } from "../resources/define.ts";
import type { InstanceFields } from "../resources/instance.ts";
import type { ServerFields } from "../resources/server.ts";
import type { Channel } from "./channel.ts";
import type { Child } from "./child.ts";
import { createInstance, type Instance } from "./instance.ts";
import { createPackages } from "./package.ts";
import { reconcile } from "./reconcile.ts";
import { createServerLogs } from "./server-logs.ts";
import { sweep } from "./sweep.ts";

/** `revision` changes when anything behind the fields does, such as a secret. */
export type DesiredServer = { id: string; name: string; version: number; fields: ServerFields; revision: string };

export type SupervisorOptions = {
  /** Every server that we run ourselves, as it is to be. */
  desired: () => Promise<DesiredServer[]>;
  /** Its variables, secrets included. @throws Problem when a secret is missing: ERROR, and tried again */
  environmentOf: (server: DesiredServer) => Promise<Record<string, string>>;
  /** Takes the secrets that the server was last given out of what it says. */
  blotOf: (serverId: string) => (text: string, most?: number) => string;
  /** Speaks to a new process; the instance is STARTING until this resolves. */
  ready: (server: DesiredServer, channel: Channel) => Promise<void>;
  dataDir: string;
  clock: Clock;
  log: Log;
  /** In [0, 1); spreads restarts. */
  random?: () => number;
};

export type InstanceView = InstanceFields &
  Pick<Resource, "id" | "name" | "version" | "createdAt" | "updatedAt"> & { serverId: string };

const reconcileMs = 30_000;

/** A server is desired, instances are running: brought in line at once after a change, and every 30 seconds. */
export type Supervisor = ReturnType<typeof createSupervisor>;

export function createSupervisor(options: SupervisorOptions) {
  const instances = new Map<string, Instance>();
  const stopping = new AbortController();
  const logs = createServerLogs(options.clock);
  const packages = createPackages(join(options.dataDir, "packages"), options.log, stopping.signal);
  let timer: ReturnType<typeof setInterval> | undefined;
  let running: Promise<void> | undefined;
  let again = false;

  /** One at a time; a call during one makes it run once more afterwards. */
  function reconcileNow(): Promise<void> {
    if (running !== undefined) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        await bringInLine();
      } while (again && !stopping.signal.aborted);
    })().finally(() => {
      running = undefined;
    });
    return running;
  }

  async function bringInLine(): Promise<void> {
    try {
      const all = await options.desired();
      const servers = all.filter(({ fields }) => (fields.replicas ?? 1) > 0);
      if (stopping.signal.aborted) return;
      logs.prune(new Set(all.map(({ id }) => id)));
      const byId = new Map(servers.map((server) => [server.id, server]));
      const wanted = servers.map((server) => ({ id: server.id, fingerprint: fingerprintOf(server) }));
      const { start, stop, replace } = reconcile(
        wanted,
        [...instances].map(([id, { fingerprint }]) => ({ id, fingerprint })),
      );
      for (const id of [...stop, ...replace]) {
        const instance = instances.get(id);
        instances.delete(id);
        // A server is let go of while its successor starts: one that takes long to end holds up nobody.
        void instance?.stop(false);
      }
      for (const id of [...start, ...replace]) {
        const server = byId.get(id);
        if (server !== undefined)
          instances.set(id, createInstance(server, fingerprintOf(server), logs, packages, options));
      }
    } catch (error) {
      options.log.error("servers could not be brought in line", { reason: messageOf(error) });
    }
  }

  const byInstanceId = (id: string) => [...instances.values()].find((instance) => instance.id === id);

  return {
    reconcile: reconcileNow,
    /** Ends what a crash left, then starts what ought to run. */
    start(): void {
      const ended = sweep(options.dataDir);
      if (ended > 0) options.log.warn("ended servers that an earlier crash left", { ended });
      void reconcileNow();
      timer = setInterval(() => void reconcileNow(), reconcileMs);
    },
    list: (): InstanceView[] =>
      [...instances.values()].map((instance) => instance.view()).toSorted((a, b) => a.name.localeCompare(b.name)),
    logs,
    /** One more process of a running server, for one caller alone; see instance.ts. @throws Problem `unavailable` */
    async startExtra(serverId: string): Promise<Child> {
      const instance = instances.get(serverId);
      if (instance === undefined) throw new Problem("unavailable", "it is stopped");
      return await instance.startExtra();
    },
    /** Ends the process and starts another at once, without a pause. */
    async restart(instanceId: string): Promise<void> {
      const instance = byInstanceId(instanceId);
      if (instance === undefined) return;
      instances.delete(instance.serverId);
      await instance.stop(false);
      await reconcileNow();
    },
    /** All of them, within seconds, or at once when `fast`. */
    async stop(fast: boolean): Promise<void> {
      stopping.abort();
      clearInterval(timer);
      await Promise.all([...instances.values()].map((instance) => instance.stop(fast)));
      instances.clear();
    },
  };
}

/** Everything that a process is started with; a new description restarts nothing. */
function fingerprintOf({ name, fields, revision }: DesiredServer): string {
  const { description: _, ...rest } = fields;
  return JSON.stringify([name, rest, revision]);
}
