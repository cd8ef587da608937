import { newId } from "../lib/id.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { sleep, within } from "../lib/wait.ts";
import type { InstanceState } from "../resources/instance.ts";
import { serverLimitsOf } from "../resources/limits.ts";
import type { Channel, Exit, Run } from "./channel.ts";
import type { Launcher, Started } from "./launcher.ts";
import type { Blot, LogRing } from "./log-ring.ts";
import { relevantExits, restartDelay } from "./restart-policy.ts";
import type { DesiredServer, SupervisorOptions } from "./supervisor.ts";
import { type InstanceView, viewOf } from "./view.ts";

const shownLines = 20;
const longestReason = 2_000;
const idleCheckMs = 500;

/** One copy of a server through all its runs: started, watched, started again after a pause, for as long as it is wanted. */
export type Instance = ReturnType<typeof createInstance>;

/** A process beside the instance's own, for one caller alone. */
export type Extra = Channel & Pick<Run, "stop"> & { instance: string };

type Made = {
  server: DesiredServer;
  number: number;
  fingerprint: string;
  log: LogRing;
  launcher: Launcher;
  /** Whether a package is being fetched at the moment. */
  isFetching: (packageName: string) => boolean;
};

export function createInstance(
  { server: first, number, fingerprint, log, launcher, isFetching }: Made,
  options: SupervisorOptions,
) {
  const { clock, log: serveLog, random = Math.random } = options;
  const id = newId();
  const name = `${first.name}-${number}`;
  let server = first;
  const createdAt = new Date(clock.now()).toISOString();
  const ending = new AbortController();
  let state: InstanceState = "STARTING";
  let changedAt = createdAt;
  let run: Started | undefined;
  let startedAt = clock.now();
  /** What the present run writes, or the last one. */
  let words: LogRing | undefined;
  let exits: readonly number[] = [];
  let restarts = 0;
  let nextTryAt: number | undefined;
  let resolved: string | undefined;
  let last: { reason?: string; exit?: Exit } = {};
  /** A lazy server runs for as long as it is awake. */
  let isAwake = false;
  let waking = Promise.withResolvers<void>();
  /** Why we ended the run ourselves, although the instance goes on: it was of no use, or nobody needed it. */
  let endedFor: string | undefined;
  let isIdle = false;

  const isLazy = () => server.fields.start === "lazy";
  const sleeps = () => isLazy() && !isAwake;

  function become(next: InstanceState): void {
    if (next !== state) {
      const { reason } = last;
      serveLog.info("instance", { instance: name, state: next, ...(reason === undefined ? {} : { reason }) });
    }
    state = next;
    changedAt = new Date(clock.now()).toISOString();
  }

  async function live(): Promise<void> {
    for (;;) {
      if (sleeps() && !ending.signal.aborted) await asleep();
      if (ending.signal.aborted) break;
      isAwake = true;
      become("STARTING");
      last = blotted(await onceThrough());
      run = undefined;
      if (ending.signal.aborted) break;
      if (last.reason === undefined) continue;
      isAwake = false;
      become("ERROR");
      await pause();
      restarts++;
    }
    become("STOPPED");
  }

  /** Whether it fell asleep or failed, the next call that needs it wakes it. */
  async function asleep(): Promise<void> {
    if (last.reason === undefined) become("STOPPED");
    waking = Promise.withResolvers();
    ending.signal.addEventListener("abort", () => waking.resolve(), { once: true });
    await waking.promise;
  }

  async function pause(): Promise<void> {
    const now = clock.now();
    exits = relevantExits({ exits, startedAt }, now);
    const delay = restartDelay(exits, now, random());
    nextTryAt = now + delay;
    await sleep(delay, ending.signal);
    nextTryAt = undefined;
  }

  async function launched(into: (blot: Blot) => LogRing): Promise<Started> {
    const env = await options.environmentOf(server);
    const log = () => into(options.blotOf(server.id));
    return await launcher({ server, env, log, instance: id, signal: ending.signal });
  }

  function begin(blot: Blot): LogRing {
    words = log.begin(blot);
    return words;
  }

  /** Servers quote what they were given in what they refuse. */
  const blotted = ({ reason, ...rest }: typeof last): typeof last =>
    reason === undefined ? rest : { ...rest, reason: options.blotOf(server.id)(reason, longestReason) };

  /** One run from start to end. Answers why it is not running any more; no reason when it fell asleep. */
  async function onceThrough(): Promise<typeof last> {
    startedAt = clock.now();
    words = undefined;
    endedFor = undefined;
    isIdle = false;
    let started: Started;
    try {
      started = await launched(begin);
    } catch (error) {
      return { reason: messageOf(error) };
    }
    if (ending.signal.aborted) return { reason: "stopped", exit: await started.stop(true) };
    // Fetching may have taken a while: neither what is shown nor what counts as steady begins before.
    startedAt = clock.now();
    run = started;
    resolved = started.resolved;
    const failure = await becomesReady(started);
    if (failure !== undefined && !ending.signal.aborted) {
      const early = await within(200, started.closed);
      const exit = early ?? (await started.stop(true));
      return { reason: early === undefined ? failure : reasonOf(exit), exit };
    }
    if (failure === undefined && !ending.signal.aborted) {
      last = {};
      become("RUNNING");
      void sleepWhenIdle(started);
    }
    const exit = await started.closed;
    return isIdle ? {} : { reason: endedFor ?? reasonOf(exit), exit };
  }

  /** Undefined when it is ready; else why not. A run that ends early is not waited for. */
  async function becomesReady(started: Started): Promise<string | undefined> {
    const ready = options.ready(server, id, started).then(
      () => "ready" as const,
      (error: unknown) => ({ failed: messageOf(error) }),
    );
    // To introduce itself, in either era, and to tell what it offers.
    const readySeconds = 2 * serverLimitsOf(server.fields).initializeSeconds;
    const ended = started.closed.then((exit) => ({ failed: endedFor ?? reasonOf(exit) }));
    const outcome = await within(readySeconds * 1000, Promise.race([ready, ended]));
    if (outcome === "ready") return undefined;
    return outcome?.failed ?? `it was not ready within ${readySeconds} s`;
  }

  /** Ends the run of a lazy server once nobody has needed it for long enough. */
  async function sleepWhenIdle(started: Started): Promise<void> {
    const over = new AbortController();
    void started.closed.then(() => over.abort());
    const readyAt = clock.now();
    while (!over.signal.aborted) {
      await sleep(idleCheckMs, over.signal);
      const { start, idleStopSeconds = Number.POSITIVE_INFINITY } = server.fields;
      const { usedAt, underWay } = options.usage(server.id);
      const idleMs = clock.now() - Math.max(usedAt, readyAt);
      if (over.signal.aborted || start !== "lazy" || underWay > 0 || idleMs < idleStopSeconds * 1000) continue;
      isIdle = true;
      isAwake = false;
      become("STOPPING");
      await options.retire(id);
      await started.stop(false);
    }
  }

  const lifetime = live();

  const extras = new Set<Started>();

  /**
   * One more process of this server, for one caller alone: started like the others, with the same log, and ended with the instance at the latest.
   * Nobody starts it again. @throws Problem `unavailable`
   */
  async function startExtra(): Promise<Extra> {
    const extra = await launched(log.beside);
    if (ending.signal.aborted || !("send" in extra.via)) {
      await extra.stop(true);
      throw new Problem("unavailable", ending.signal.aborted ? "it is being stopped" : "it has no copies of its own");
    }
    extras.add(extra);
    void extra.closed.then(() => extras.delete(extra));
    return { ...extra.via, stop: extra.stop, instance: id };
  }

  async function stop(fast: boolean): Promise<void> {
    become("STOPPING");
    ending.abort();
    await Promise.all([run, ...extras].map((each) => each?.stop(fast)));
    await lifetime;
  }

  function view(): InstanceView {
    return viewOf(
      { id, serverId: server.id, name, server: server.name, createdAt },
      {
        state,
        changedAt,
        isAsleep: sleeps(),
        isFetching: server.fields.packageName !== undefined && isFetching(server.fields.packageName),
        run: run && { ...run, startedAt },
        last,
        restarts,
        nextTryAt,
        resolved,
        lastLines: () => words?.since(0, shownLines) ?? [],
      },
    );
  }

  return {
    id,
    serverId: server.id,
    fingerprint,
    view,
    startExtra,
    stop,
    /** The same server as before, but for what restarts nothing. */
    update(next: DesiredServer): void {
      server = next;
      if (!isLazy()) waking.resolve();
    },
    wake(): void {
      isAwake = true;
      waking.resolve();
    },
    fail(reason: string): void {
      if (state !== "RUNNING") return;
      endedFor = reason;
      void run?.stop(false);
    },
  };
}

const wrapperCodes: Record<number, string> = {
  126: "its program cannot be executed",
  127: "its program was not found",
};

function reasonOf({ code, signal, reason }: Exit): string {
  if (reason !== undefined) return reason;
  if (signal !== null) return `ended by ${signal}`;
  return wrapperCodes[code ?? 0] ?? `exited with code ${code}`;
}
