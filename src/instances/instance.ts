import { newId } from "../lib/id.ts";
import { messageOf, Problem } from "../lib/problem.ts";
import { sleep, within } from "../lib/wait.ts";
import type { InstanceState } from "../resources/instance.ts";
import type { Exit } from "./channel.ts";
import { type Child, startChild } from "./child.ts";
import { type Launch, launchOf } from "./launch.ts";
import type { LogRing } from "./log-ring.ts";
import type { Packages } from "./package.ts";
import { relevantExits, restartDelay } from "./restart-policy.ts";
import type { ServerLogs } from "./server-logs.ts";
import type { DesiredServer, InstanceView, SupervisorOptions } from "./supervisor.ts";

const readyMs = 60_000;
const shownLines = 20;
const longestReason = 2_000;

/** One copy of a server through all its processes: started, watched, started again after a pause, for as long as it is wanted. */
export type Instance = ReturnType<typeof createInstance>;

export function createInstance(
  server: DesiredServer,
  fingerprint: string,
  logs: ServerLogs,
  packages: Packages,
  options: SupervisorOptions,
) {
  const { clock, log: serveLog, random = Math.random } = options;
  const id = newId();
  const name = `${server.name}-1`;
  const log = logs.ring(server.id, name);
  /** What the present process writes, or the last one. */
  let run: LogRing | undefined;
  const ending = new AbortController();
  const createdAt = new Date(clock.now()).toISOString();
  let state: InstanceState = "STARTING";
  let changedAt = createdAt;
  let child: Child | undefined;
  let startedAt = clock.now();
  let exits: readonly number[] = [];
  let restarts = 0;
  let resolved: string | undefined;
  let last: { reason?: string; exit?: Exit } = {};

  function become(next: InstanceState): void {
    if (next !== state)
      serveLog.info("instance", {
        server: server.name,
        state: next,
        ...(last.reason === undefined ? {} : { reason: last.reason }),
      });
    state = next;
    changedAt = new Date(clock.now()).toISOString();
  }

  async function live(): Promise<void> {
    while (!ending.signal.aborted) {
      become("STARTING");
      startedAt = clock.now();
      run = undefined;
      const { reason, ...ended } = await onceThrough();
      last = { ...ended, reason: options.blotOf(server.id)(reason, longestReason) };
      if (ending.signal.aborted) break;
      become("ERROR");
      const now = clock.now();
      exits = relevantExits({ exits, startedAt }, now);
      await sleep(restartDelay(exits, now, random()), ending.signal);
      restarts++;
    }
    become("STOPPED");
  }

  /** One process from start to end. Answers why it is not running any more. */
  async function onceThrough(): Promise<{ reason: string; exit?: Exit }> {
    let launch: Launch;
    try {
      launch = await launchOf(server.fields, await options.environmentOf(server), packages);
      if (ending.signal.aborted) return { reason: "stopped" };
      resolved = launch.resolved;
      run = log.begin(options.blotOf(server.id));
      child = startChild({ ...launch, log: run, dataDir: options.dataDir });
    } catch (error) {
      return { reason: messageOf(error) };
    }
    const failure = await becomesReady(child);
    if (failure !== undefined && !ending.signal.aborted) {
      const early = await within(200, child.closed);
      const exit = early ?? (await child.stop(true));
      return { reason: early === undefined ? failure : reasonOf(exit), exit };
    }
    if (failure === undefined && !ending.signal.aborted) {
      last = {};
      become("RUNNING");
    }
    const exit = await child.closed;
    return { reason: reasonOf(exit), exit };
  }

  /** Undefined when it is ready; else why not. A process that ends early is not waited for. */
  async function becomesReady(started: Child): Promise<string | undefined> {
    const ready = options.ready(server, started).then(
      () => "ready" as const,
      (error: unknown) => ({ failed: messageOf(error) }),
    );
    const outcome = await within(
      readyMs,
      Promise.race([ready, started.closed.then((exit) => ({ failed: reasonOf(exit) }))]),
    );
    if (outcome === "ready") return undefined;
    return outcome?.failed ?? `it did not answer initialize within ${readyMs / 1000} s`;
  }

  const lifetime = live();

  const extras = new Set<Child>();

  /**
   * One more process of this server, for one caller alone: started like the others, with the same log, and ended with the instance at the latest.
   * Nobody starts it again. @throws Problem `unavailable`
   */
  async function startExtra(): Promise<Child> {
    const launch = await launchOf(server.fields, await options.environmentOf(server), packages);
    if (ending.signal.aborted) throw new Problem("unavailable", "it is being stopped");
    const extra = startChild({ ...launch, log: run ?? log, dataDir: options.dataDir });
    extras.add(extra);
    void extra.closed.then(() => extras.delete(extra));
    return extra;
  }

  async function stop(fast: boolean): Promise<void> {
    become("STOPPING");
    ending.abort();
    await Promise.all([child, ...extras].map((each) => each?.stop(fast)));
    await lifetime;
  }

  function view(): InstanceView {
    const { exit, reason } = last;
    const running = state === "RUNNING" || state === "STARTING" || state === "STOPPING";
    return {
      id,
      serverId: server.id,
      name,
      server: server.name,
      state,
      ...(running && child !== undefined ? { pid: child.pid, startedAt: new Date(startedAt).toISOString() } : {}),
      restarts,
      ...(reason === undefined ? {} : { reason }),
      ...(exit?.code === null || exit === undefined ? {} : { exitCode: exit.code }),
      ...(exit?.signal === null || exit === undefined ? {} : { signal: exit.signal }),
      ...(state === "RUNNING" ? {} : { stderr: run?.since(0, shownLines) ?? [] }),
      ...(resolved === undefined ? {} : { resolved }),
      version: 1,
      createdAt,
      updatedAt: changedAt,
    };
  }

  return { id, serverId: server.id, fingerprint, view, startExtra, stop };
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
