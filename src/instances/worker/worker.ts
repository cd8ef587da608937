import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { within } from "../../lib/wait.ts";
import type { Exit } from "../channel.ts";
import { type Child, startChild } from "../child.ts";
import { logRing } from "../log-ring.ts";
import { selfCommand, workerWord } from "../self.ts";
import { type Call, callIn } from "./call.ts";
import { watchMemory } from "./memory.ts";
import type { Code, Order, Said, Work } from "./protocol.ts";
import { createStrikes } from "./strikes.ts";

/** What the gateway does for the code: answers what it asks, hears what it tells. `compute` runs what it gave to be computed. */
export type Answering = {
  ask: (what: string, args: readonly unknown[], compute: () => Promise<unknown>) => Promise<unknown>;
  tell: (what: string, args: readonly unknown[]) => void;
};

export type Patience = {
  /** Of its own running: what it waits for the gateway is not counted. */
  ownMs: number;
  /** Of all. */
  allMs: number;
  signal?: AbortSignal | undefined;
};

export type WorkerOptions = {
  dataDir: string;
  clock: Clock;
  log: Log;
  /** This version ended the process, or did not answer, again and again: it is to be left out until it changes. */
  onCondemned: (code: Code, why: string) => void;
  /** How long a process that is asked whether it still hears may take to say so. */
  pongMs?: number;
};

const bounds = {
  memoryMiB: 256,
  /** What the kernel keeps it to if it eats faster than we look. */
  dataBytes: 1024 * 1024 * 1024,
  openFiles: 256,
  lineBytes: 64 * 1024 * 1024,
  calls: 64,
  waitAfterDeathMs: [0, 500, 2_000, 10_000],
} as const;

/** How long the words of a process that has exited are waited for. */
const hearingMs = 500;

export type Worker = ReturnType<typeof createWorker>;

/**
 * Runs somebody's own code in a process of its own, which is started when it is first needed and again after it died: what hangs, exits, crashes or
 * eats memory there takes nothing of the gateway along.
 */
export function createWorker({ dataDir, clock, log, onCondemned, pongMs = 3_000 }: WorkerOptions) {
  const calls = new Map<number, Call & { order: string }>();
  const strikes = createStrikes(clock, onCondemned);
  let ids = 0;
  let life: { child: Child; latest: Code | undefined; pongs: (() => void)[]; hasExited: boolean } | undefined;
  let deaths: number[] = [];
  let isStopped = false;

  /** @throws Problem `unavailable` when it cannot run, threw, took too long, or its process ended meanwhile */
  async function run(code: Code, work: Work, answering: Answering, patience: Patience): Promise<unknown> {
    if (calls.size >= bounds.calls)
      throw new Problem("unavailable", `${bounds.calls} calls of local code are under way`);
    const id = ++ids;
    const call = callIn(id, code, answering, patience, {
      send: (order) => life?.child.send(JSON.stringify(order)),
      compute: (of) => run(code, { do: "compute", of }, answering, patience),
      // One that never began was kept waiting by another, which is judged for its own call.
      tookTooLong: (hadBegun) => void judge(code, hadBegun),
      gone: () => void judge(code, false),
    });
    const order = JSON.stringify({ id, code, ...work } satisfies Order);
    calls.set(id, { ...call, order });
    try {
      // What has exited is heard out; then all that it never began goes to the next one, this too.
      if (life?.hasExited !== true) alive().send(order);
      return await call.done;
    } finally {
      calls.delete(id);
      call.close();
    }
  }

  /** The process that runs, or a new one. One that died again and again is waited for a while. */
  function alive(): Child {
    if (life !== undefined) return life.child;
    if (isStopped) throw new Problem("unavailable", "mcpctl is ending");
    const now = clock.now();
    deaths = deaths.filter((at) => now - at < 60_000);
    const wait = bounds.waitAfterDeathMs[Math.min(deaths.length, bounds.waitAfterDeathMs.length) - 1] ?? 0;
    if (now - (deaths.at(-1) ?? 0) < wait)
      throw new Problem("unavailable", "the process of local code ended and is started again in a moment");
    return begin();
  }

  function begin(): Child {
    const cwd = join(dataDir, "local", "cwd");
    mkdirSync(cwd, { recursive: true, mode: 0o700 });
    const words = logRing(clock);
    words.follow(({ text }) => text !== undefined && log.info("local code wrote", { text }));
    const child = startChild({
      command: [...selfCommand(), workerWord],
      asBun: false,
      // Nothing of ours. The collector is told what there is, or it would let garbage grow as if the machine were its own.
      env: { BUN_JSC_forceRAMSize: String(bounds.memoryMiB * 1024 * 1024), BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" },
      cwd,
      log: words,
      dataDir,
      lineBytes: bounds.lineBytes,
      instance: "local",
      confinement: { openFiles: bounds.openFiles, dataBytes: bounds.dataBytes },
      patience: { afterEofMs: 200, afterTermMs: 200 },
    });
    const own: NonNullable<typeof life> = { child, latest: undefined, pongs: [], hasExited: false };
    life = own;
    const unwatch = watchMemory(child.pid, bounds.memoryMiB, (used) =>
      end(own, `it used ${used} MiB of the ${bounds.memoryMiB} MiB that local code may`),
    );
    child.onMessage((text) => hear(own, text));
    void child.exited.then(async (exit) => {
      unwatch();
      own.hasExited = true;
      // Its exit may be known before its last words, such as what it began.
      await within(hearingMs, child.heard);
      end(own, reasonOf(exit));
    });
    return child;
  }

  /** What it says may be damaged, or be somebody's code that writes what looks like it: nothing comes of it then. */
  function hear(own: NonNullable<typeof life>, text: string): void {
    const said = saidIn(text);
    if (said === undefined) {
      log.info("local code wrote", { text: text.slice(0, 1_000) });
      return;
    }
    if (said.say === "pong") {
      for (const heard of own.pongs.splice(0)) heard();
      return;
    }
    const call = calls.get(said.id);
    if (call === undefined) return;
    if (said.say === "began") {
      own.latest = call.code;
      call.begun();
    } else call.hear(said);
  }

  /**
   * Whether the process still hears: then only this call hangs, if it was not merely given up. Otherwise nothing goes on there, and whatever went on
   * last is why.
   */
  async function judge(code: Code, isLate: boolean): Promise<void> {
    const own = life;
    if (own === undefined) return;
    const heard = new Promise<true>((resolve) => own.pongs.push(() => resolve(true)));
    try {
      own.child.send(JSON.stringify({ do: "ping" } satisfies Order));
    } catch {
      return;
    }
    if ((await within(pongMs, heard)) === true) {
      if (isLate) strikes.against(code, "it did not answer in time");
    } else if (life === own) end(own, "it kept its process busy and answered nothing");
  }

  function end(own: NonNullable<typeof life>, why: string): void {
    if (life !== own) return;
    life = undefined;
    void own.child.stop(true);
    if (isStopped) return;
    deaths.push(clock.now());
    log.warn("the process of local code ended; what was under way there is left undone", {
      why,
      ...(own.latest && { file: `${own.latest.kind} ${own.latest.name}` }),
    });
    if (own.latest !== undefined) strikes.against(own.latest, why);
    for (const call of calls.values())
      if (call.hasBegun()) call.fail(new Problem("unavailable", `its process ended: ${why}`));
      else again(call);
  }

  /** In the next process: in the one that ended it was never begun. */
  function again({ order, fail }: Call & { order: string }): void {
    try {
      alive().send(order);
    } catch (error) {
      fail(error instanceof Problem ? error : new Problem("unavailable", messageOf(error)));
    }
  }

  return {
    run,
    /** Of the process that runs, if one does. */
    pid: () => life?.child.pid,
    /** A new version has a clean record. */
    forget: strikes.forget,
    async stop(): Promise<void> {
      isStopped = true;
      const own = life;
      life = undefined;
      for (const call of calls.values()) call.fail(new Problem("unavailable", "mcpctl is ending"));
      await own?.child.stop(true).catch((error: unknown) => log.debug("local code", { why: messageOf(error) }));
    },
  };
}

const reasonOf = ({ code, signal, reason }: Pick<Exit, "code" | "signal" | "reason">): string =>
  reason ?? (signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`);

/** Undefined for what is no message of this process. */
function saidIn(text: string): Said | undefined {
  try {
    const said: unknown = JSON.parse(text);
    if (!isObject(said)) return undefined;
    const { say, args, message } = said;
    if (say === "failed" && typeof message !== "string") return undefined;
    if ((say === "ask" || say === "tell") && !Array.isArray(args)) return undefined;
    return said as Said;
  } catch {
    return undefined;
  }
}
