import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { sleep } from "../lib/wait.ts";
import type { ServerFields } from "../resources/server.ts";
import type { Run } from "./channel.ts";
import { createContainers } from "./container/containers.ts";
import { createInstance, type Extra, type Instance } from "./instance.ts";
import { createLauncher } from "./launcher.ts";
import { createPackages } from "./package.ts";
import { startReaper } from "./reaper.ts";
import { reconcile } from "./reconcile.ts";
import { createServerLogs } from "./server-logs.ts";
import { type ServerState, serverStateOf } from "./server-state.ts";
import { sweep } from "./sweep.ts";
import type { InstanceView } from "./view.ts";

/** `revision` changes when anything behind the fields does, such as a secret. */
export type DesiredServer = { id: string; name: string; version: number; fields: ServerFields; revision: string };

export type SupervisorOptions = {
  /** Every server that we run ourselves, as it is to be. */
  desired: () => Promise<DesiredServer[]>;
  /** Its variables, secrets included. @throws Problem when a secret is missing: ERROR, and tried again */
  environmentOf: (server: DesiredServer) => Promise<Record<string, string>>;
  /** Takes the secrets that the server was given out of what it says. */
  blotOf: (serverId: string) => (text: string, most?: number) => string;
  /** Speaks to a new run of this instance, which is STARTING until this resolves. */
  ready: (server: DesiredServer, instance: string, run: Run) => Promise<void>;
  /** Nothing new is asked of this instance from now on; resolves once what was asked is answered, within a bound. */
  retire: (instance: string) => Promise<void>;
  /** When a caller last needed this server, and how many calls it has to answer. */
  usage: (serverId: string) => { usedAt: number; underWay: number };
  dataDir: string;
  /** Where container engines may be listening. */
  containerSockets: readonly string[];
  clock: Clock;
  log: Log;
  /** In [0, 1); spreads restarts. */
  random?: () => number;
};

const reconcileMs = 30_000;
/** Old packages are looked for when the start is long over, and then once a day. */
const firstClearingMs = 600_000;
const clearingMs = 86_400_000;

/** A server is desired, instances are running: brought in line at once after a change, and every 30 seconds. */
export type Supervisor = ReturnType<typeof createSupervisor>;

export function createSupervisor(options: SupervisorOptions) {
  const instances = new Map<string, Instance>();
  const logs = createServerLogs(options.clock);
  /** Instances whose successors are there already, until their last calls are answered and they have ended. */
  const leaving = new Map<Instance, Promise<void>>();
  const stopping = new AbortController();
  const packages = createPackages(join(options.dataDir, "packages"), options.log, stopping.signal, options.clock);
  const containers = createContainers({ sockets: options.containerSockets, dataDir: options.dataDir });
  const launcher = createLauncher(packages, containers, options.dataDir);
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopReaper = () => {};
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
      const servers = await options.desired();
      if (stopping.signal.aborted) return;
      const places = new Map(servers.flatMap((server) => placesOf(server)));
      const wanted = [...places].map(([place, { server }]) => ({ place, fingerprint: fingerprintOf(server) }));
      const runs = [...instances].map(([place, { fingerprint }]) => ({ place, fingerprint }));
      const { start, stop, replace } = reconcile(wanted, runs);
      for (const place of [...stop, ...replace]) letGo(place);
      logs.prune(new Set(servers.map(({ id }) => id)));
      for (const place of [...start, ...replace]) {
        const spot = places.get(place);
        if (spot !== undefined) put(place, spot);
      }
      // What restarts nothing, such as when to stop an idle one, counts from now on.
      for (const [place, { server }] of places) instances.get(place)?.update(server);
    } catch (error) {
      options.log.error("servers could not be brought in line", { reason: messageOf(error) });
    }
  }

  function put(place: string, { server, number }: Spot): void {
    const log = logs.ring(server.id, `${server.name}-${number}`);
    const fingerprint = fingerprintOf(server);
    const { isFetching } = packages;
    instances.set(place, createInstance({ server, number, fingerprint, log, launcher, isFetching }, options));
  }

  /** Its successor may start at once: one that has calls to answer, or takes long to end, holds up nobody. */
  function letGo(place: string): void {
    const instance = instances.get(place);
    if (instance === undefined) return;
    instances.delete(place);
    const gone = options
      .retire(instance.id)
      .then(() => instance.stop(false))
      .finally(() => leaving.delete(instance));
    leaving.set(instance, gone);
  }

  async function clearPackages(): Promise<void> {
    for (let pause = firstClearingMs; ; pause = clearingMs) {
      await sleep(pause, stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        await packages.clear((await options.desired()).flatMap(({ fields }) => fields.packageName ?? []));
      } catch (error) {
        options.log.warn("old packages could not be looked for", { reason: messageOf(error) });
      }
    }
  }

  const byId = (id: string) => [...instances.values()].find((instance) => instance.id === id);
  const ofServer = (serverId: string) => [...instances.values()].filter((instance) => instance.serverId === serverId);

  /** Others take the places of these at once, without a pause; what they were asked is answered first. */
  async function replaced(chosen: (instance: Instance) => boolean): Promise<void> {
    for (const [place, instance] of [...instances]) if (chosen(instance)) letGo(place);
    await reconcileNow();
  }

  return {
    reconcile: reconcileNow,
    /** Ends what a crash left, then starts what ought to run. */
    start(): void {
      stopReaper = startReaper();
      const tell = (ended: number) =>
        ended > 0 && options.log.warn("ended servers that an earlier crash left", { ended });
      tell(sweep(options.dataDir));
      void containers.sweep().then(tell);
      void reconcileNow();
      timer = setInterval(() => void reconcileNow(), reconcileMs);
      void clearPackages();
    },
    list: (): InstanceView[] =>
      [...instances.values()]
        .map((instance) => instance.view())
        .toSorted((a, b) => a.name.localeCompare(b.name, "en", { numeric: true })),
    /** How a server as a whole fares, out of its instances. */
    serverStateOf: (serverId: string): ServerState =>
      serverStateOf(ofServer(serverId).map((instance) => instance.view())),
    logs,
    /** The version of an npm package that is on disk, whether it runs or not. */
    packageVersion: ({ packageName, runtime }: ServerFields): string | undefined =>
      packageName === undefined || runtime === "python" ? undefined : packages.versionOf(packageName),
    /** Somebody needs a server that may be asleep. */
    wake(serverId: string): void {
      for (const instance of ofServer(serverId)) instance.wake();
    },
    /** One more process of a server, for one caller alone; see instance.ts. @throws Problem `unavailable` */
    async startExtra(serverId: string): Promise<Extra> {
      const [instance] = ofServer(serverId);
      if (instance === undefined) throw new Problem("unavailable", "it is stopped");
      return await instance.startExtra();
    },
    /** Its present run is of no use: ended, and started again after the usual pause. */
    fail: (instanceId: string, reason: string): void => byId(instanceId)?.fail(reason),
    restart: (instanceId: string): Promise<void> => replaced(({ id }) => id === instanceId),
    restartServer: (serverId: string): Promise<void> => replaced((instance) => instance.serverId === serverId),
    /** All of them, within seconds, or at once when `fast`. */
    async stop(fast: boolean): Promise<void> {
      stopping.abort();
      clearInterval(timer);
      // Whoever is told to hurry finds them all again.
      await Promise.all([...instances.values(), ...leaving.keys()].map((instance) => instance.stop(fast)));
      stopReaper();
    },
  };
}

/** Which copy of which server stands in a place. */
type Spot = { server: DesiredServer; number: number };

function placesOf(server: DesiredServer): [place: string, spot: Spot][] {
  const numbers = Array.from({ length: server.fields.replicas ?? 1 }, (_, index) => index + 1);
  return numbers.map((number) => [`${server.id}/${number}`, { server, number }]);
}

/** Everything that a run is started with. A new description restarts nothing, nor does another number of copies or when to start and to stop. */
function fingerprintOf({ name, fields, revision }: DesiredServer): string {
  const { description: _, replicas: _r, start: _s, idleStopSeconds: _i, healthCheck: _h, ...rest } = fields;
  return JSON.stringify([name, rest, revision]);
}
