import type { Resource } from "../resources/define.ts";
import type { InstanceFields, InstanceState } from "../resources/instance.ts";
import type { Exit, Run } from "./channel.ts";

export type InstanceView = InstanceFields &
  Pick<Resource, "id" | "name" | "version" | "createdAt" | "updatedAt"> & {
    serverId: string;
    /** A lazy one that starts when somebody needs it. */
    sleeps?: boolean;
  };

/** Which instance it is, as long as it lives. */
export type Identity = Pick<InstanceView, "id" | "serverId" | "name" | "server" | "createdAt">;

/** All that is known of an instance at one moment; times are Unix ms. */
export type Moment = {
  state: InstanceState;
  /** ISO 8601 */
  changedAt: string;
  /** Nobody needs it. */
  isAsleep: boolean;
  /** Its package is not there yet. */
  isFetching: boolean;
  run: (Pick<Run, "pid" | "container"> & { startedAt: number }) | undefined;
  /** How the last run ended; without a reason when it fell asleep. */
  last: { reason?: string; exit?: Exit };
  restarts: number;
  nextTryAt: number | undefined;
  resolved: string | undefined;
  /** What it wrote last, which matters where it does not run. */
  lastLines: () => string[];
};

/** What is shown of an instance. */
export function viewOf(identity: Identity, moment: Moment): InstanceView {
  const { state, changedAt, isAsleep, run, last, restarts, nextTryAt, resolved, lastLines } = moment;
  const { exit } = last;
  const reason = last.reason ?? waitsFor(moment);
  const live = state === "RUNNING" || state === "STARTING" || state === "STOPPING" ? run : undefined;
  return {
    ...identity,
    state,
    ...(live?.pid === undefined ? {} : { pid: live.pid }),
    ...(live?.container === undefined ? {} : { container: live.container }),
    ...(live === undefined ? {} : { startedAt: new Date(live.startedAt).toISOString() }),
    restarts,
    ...(reason === undefined ? {} : { reason }),
    ...(nextTryAt === undefined || isAsleep ? {} : { nextTryAt: new Date(nextTryAt).toISOString() }),
    ...(isAsleep && (state === "STOPPED" || nextTryAt === undefined) ? { sleeps: true } : {}),
    ...(exit?.code === null || exit === undefined ? {} : { exitCode: exit.code }),
    ...(exit?.signal === null || exit === undefined ? {} : { signal: exit.signal }),
    ...(state === "RUNNING" ? {} : { stderr: lastLines() }),
    ...(resolved === undefined ? {} : { resolved }),
    version: 1,
    updatedAt: changedAt,
  };
}

function waitsFor({ state, isAsleep, isFetching, run }: Moment): string | undefined {
  if (state === "STOPPED" && isAsleep) return "it sleeps until it is needed";
  return state === "STARTING" && run === undefined && isFetching ? "its package is being fetched" : undefined;
}
