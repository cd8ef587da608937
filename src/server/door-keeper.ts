import type { Counters } from "../lib/counters.ts";
import type { Log } from "../lib/log.ts";
import { messageOf } from "../lib/problem.ts";
import type { OpenFiles } from "./open-files.ts";

/** Between two looks. Nothing is known to open ten files in a millisecond: where there is room for more, there is no hurry. */
const lookMs = { soonest: 100, latest: 1_000 } as const;
const filesPerMs = 10;
/** So often nothing is free although the idle ones were closed, before it is given up: a connection whose request is not read yet is not idle. */
const patience = 5;

type Server = { closeIdleConnections: () => void; stop: (now: boolean) => Promise<void> };
type Options = {
  /** What listens now. */
  server: () => Server | null;
  /** Listens again at the same address. @throws when that cannot be done */
  listen: () => void;
  files: OpenFiles;
  counters: Pick<Counters, "add">;
  log: Pick<Log, "warn" | "info">;
};

/**
 * Keeps the number of connections below that of the files that may be open: the idle ones are closed when files are scarce, and when almost none
 * is left nobody is let in for a while. What is under way goes on; whoever connects is refused at once instead of being left to wait.
 */
export function keepDoor({ server, listen, files, counters, log }: Options) {
  const ending: Promise<void>[] = [];
  const closed: Server[] = [];
  let isOpen = true;
  let timesOut = 0;

  function shut(current: Server): void {
    isOpen = false;
    timesOut = 0;
    closed.push(current);
    ending.push(current.stop(false));
    log.warn("too many files are open: no connection is taken for now", { open: files.count(), limit: files.limit });
  }

  function reopen(): void {
    try {
      listen();
      isOpen = true;
      log.info("connections are taken again", { open: files.count(), limit: files.limit });
    } catch (error) {
      log.warn("connections cannot be taken again yet", { reason: messageOf(error) });
    }
  }

  function look(): void {
    const isScarce = files.isScarce();
    if (!isOpen && !isScarce) reopen();
    const current = server();
    if (!isOpen || !isScarce || current === null) return;
    current.closeIdleConnections();
    counters.add("connections_closed");
    timesOut = files.isOut() ? timesOut + 1 : 0;
    if (timesOut >= patience) shut(current);
  }

  let timer: Timer | undefined;
  function plan(): void {
    timer = setTimeout(
      () => {
        plan();
        look();
      },
      isOpen ? untilNextLook(files) : lookMs.soonest,
    );
    timer.unref();
  }
  plan();

  return {
    /** Nobody is let in any more; resolves when all that is under way has ended. */
    async stop(): Promise<void> {
      clearTimeout(timer);
      await Promise.all([...ending, isOpen ? server()?.stop(false) : undefined]);
    },
    /** Ends what is under way as well. */
    async end(): Promise<void> {
      await Promise.all([...closed, server()].map((each) => each?.stop(true)));
    },
  };
}

/** In milliseconds: before all the files that are left could have been opened. */
export function untilNextLook({ limit, count }: Pick<OpenFiles, "limit" | "count">): number {
  const left = Number.isFinite(limit) ? limit - count() : limit;
  return Math.min(lookMs.latest, Math.max(lookMs.soonest, Math.floor(left / filesPerMs)));
}
