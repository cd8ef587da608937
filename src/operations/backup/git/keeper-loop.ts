import type { Log } from "../../../lib/log.ts";
import { messageOf, Problem } from "../../../lib/problem.ts";
import { sleep, within } from "../../../lib/wait.ts";
import { type Keeping, pendingChanges, syncOnce } from "./keeper.ts";
import type { Place } from "./place.ts";
import type { Repository } from "./repository.ts";

export type GitState = {
  gitReachable: boolean;
  lastSyncAt: number | undefined;
  lastPushAt: number | undefined;
  lastError: string | undefined;
};

type Options = Omit<Keeping, "repository"> & {
  place: Place;
  open: (place: Place) => Promise<Repository>;
  /** Calls back when something may have been changed; answers how to stop. */
  follow: (listener: () => void) => () => void;
  log: Log;
};

/** What happens in so short a time is one run. */
const gatherMs = 300;
const firstRetryMs = 5_000;
const longestRetryMs = 300_000;
const closingMs = 3_000;

export type GitKeeper = ReturnType<typeof keepInGit>;

/**
 * Keeps a repository in line for as long as it is enabled: one run at a time, some time after a change, never in its way. While a run goes on,
 * what changes meanwhile is one more run, however much it is. What fails is tried again, ever more seldom.
 */
export function keepInGit({ place, open, follow, log, ...needs }: Options) {
  const state: GitState = { gitReachable: false, lastSyncAt: undefined, lastPushAt: undefined, lastError: undefined };
  const ending = new AbortController();
  let repository: Repository | undefined;
  let running: Promise<void> | undefined;
  let isDue = false;
  let isPushed = false;
  let retryMs = 0;
  let lastTookMs = 0;
  let syncedSeq = 0;

  const opened = async (): Promise<Repository> => {
    if (repository !== undefined) return repository;
    const made = await open(place);
    // What others pushed meanwhile is history; what it holds counts for nothing beside the database.
    await made.fetch();
    repository = made;
    return made;
  };

  async function run(isForced: boolean): Promise<void> {
    const begunAt = performance.now();
    try {
      const to = await opened();
      const { commits, seq } = await syncOnce({ ...needs, repository: to }, isForced);
      syncedSeq = seq;
      if (commits > 0) isPushed = false;
      state.lastSyncAt = needs.clock.now();
      if (!to.isLocal && !isPushed) await pushed(to, isForced);
      Object.assign(state, { gitReachable: true, lastError: undefined });
      retryMs = 0;
    } catch (error) {
      const reason = messageOf(error);
      if (state.lastError !== reason) log.warn("the git backup did not get through; trying again", { reason });
      Object.assign(state, { gitReachable: false, lastError: reason });
      retryMs = Math.min(longestRetryMs, Math.max(firstRetryMs, retryMs * 2));
      throw error;
    } finally {
      lastTookMs = performance.now() - begunAt;
    }
  }

  /** Somebody else pushed: theirs stays as history, and what the database says comes on top. */
  async function pushed(to: Repository, isForced: boolean): Promise<void> {
    try {
      await to.push();
    } catch (error) {
      if (!/rejected|non-fast-forward|fetch first/i.test(messageOf(error))) throw error;
      await to.fetch();
      await syncOnce({ ...needs, repository: to }, isForced);
      await to.push();
    }
    isPushed = true;
    state.lastPushAt = needs.clock.now();
  }

  /** One at a time; whoever asks meanwhile gets the run after this one. */
  async function sync(isForced = false): Promise<void> {
    while (running !== undefined) await running.catch(() => {});
    if (ending.signal.aborted) return;
    running = run(isForced);
    try {
      await running;
    } finally {
      running = undefined;
    }
  }

  const due = () => {
    isDue = true;
    wake.abort();
  };
  let wake = new AbortController();
  const unfollow = follow(due);

  async function loop(): Promise<void> {
    isDue = true;
    while (!ending.signal.aborted) {
      if (!isDue) {
        await sleep(longestRetryMs, AbortSignal.any([wake.signal, ending.signal]));
        if (!isDue) continue;
      }
      // A large instance is gone through less often.
      await sleep(Math.max(gatherMs, 5 * lastTookMs), ending.signal);
      if (ending.signal.aborted) return;
      isDue = false;
      wake = new AbortController();
      try {
        // Most of what the audit log tells of are calls.
        const isInLine = syncedSeq > 0 && state.lastError === undefined;
        if (isInLine && (await needs.db.read(() => pendingChanges(syncedSeq))) === 0) continue;
        await sync();
      } catch {
        isDue = true;
        await sleep(retryMs, ending.signal);
      }
    }
  }
  const looping = loop();

  return {
    place,
    state,
    /** The last event of the audit log that the repository was in line with. */
    syncedSeq: () => syncedSeq,
    sync,
    /** @throws Problem `unavailable` when it cannot be opened */
    repository: async (): Promise<Repository> => {
      try {
        return await opened();
      } catch (error) {
        throw error instanceof Problem ? error : unreachable(error);
      }
    },
    /** Lets go; a run that is under way has a moment to end. What it leaves undone the next start makes up for. */
    close: async (): Promise<void> => {
      unfollow();
      ending.abort();
      await within(
        closingMs,
        looping.then(() => running?.catch(() => {})),
      );
    },
  };
}

export const unreachable = (error: unknown) =>
  new Problem("unavailable", `the git backup does not get through: ${messageOf(error)}`, {
    hint: "mcpctl backup git status",
    cause: error,
  });
