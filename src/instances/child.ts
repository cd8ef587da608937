import { Problem } from "../lib/problem.ts";
import { within } from "../lib/wait.ts";
import { serverLimitsOf } from "../resources/limits.ts";
import { boundedWords } from "./bounded-words.ts";
import type { Channel, Exit, Message } from "./channel.ts";
import type { Entry } from "./child-entry.ts";
import type { Allowance, Confinement } from "./confine.ts";
import { endFamily, type Family } from "./family.ts";
import { type Inlet, openInlet, wordsInto } from "./inlet.ts";
import type { LogRing } from "./log-ring.ts";
import { type Mark, markOfRun, markVariable } from "./mark.ts";
import { type Outlet, openOutlet, type Pieces } from "./outlet.ts";
import { serverOutput, shownLines, tooLong } from "./output.ts";
import { processOf } from "./proc.ts";
import { childWord, selfCommand } from "./self.ts";
import { forget, remember } from "./sweep.ts";
import type { UsageWatch } from "./usage.ts";

export type ChildOptions = {
  command: readonly string[];
  /** Whether the command is our own executable, to be Bun itself. */
  asBun: boolean;
  env: Record<string, string>;
  cwd?: string | undefined;
  log: LogRing;
  dataDir: string;
  /** Bytes of its longest line. */
  lineBytes?: number;
  /** The instance that it is a run of. */
  instance: string;
  /** What the kernel is asked to keep it to, and what is watched. */
  confinement?: Confinement;
  allowance?: Allowance;
  usage?: UsageWatch;
  /** How long it may take to end by itself once its input has ended, and then once it was told to. */
  patience?: Patience;
};
type Patience = { afterEofMs: number; afterTermMs: number };

export type Child = Channel & {
  readonly pid: number;
  /** As soon as it has ended; `closed` comes when what it started and what it said is dealt with, too. */
  readonly exited: Promise<Pick<Exit, "code" | "signal" | "reason">>;
  /** Once all is read that it said on standard output, which may be after it has ended; never where something else holds that open. */
  readonly heard: Promise<void>;
  stop: (fast: boolean) => Promise<Exit>;
};

/** How long it may take to exit once it has closed its standard output. */
const deafMs = 1_000;
const usualPatience: Patience = { afterEofMs: 2_000, afterTermMs: 3_000 };

/**
 * Starts a server as the leader of a process group of its own, through the wrapper that dies with us.
 * @throws Problem `unavailable` when the folder it shall work in is not there
 */
export function startChild(options: ChildOptions): Child {
  const { log, dataDir, patience = usualPatience, lineBytes = serverLimitsOf({}).lineBytes } = options;
  const said = boundedWords(log.add);
  const output = serverOutput({ add: said.add });
  const mark = markOfRun(dataDir, options.instance);
  const inlet = openInlet();
  const outlet = openOutlet();
  const process_ = spawn(options, mark, inlet, outlet);
  const { pid } = process_;
  const family: Family = { leader: pid, startTicks: processOf(pid)?.startTicks ?? 0n, mark };
  remember(dataDir, { pid, startTicks: family.startTicks });
  const startedWith = log.total();
  let reason: string | undefined;
  let isOverlong = false;
  let stopping = false;

  const failWith = (why: string) => {
    reason ??= why;
    end();
  };
  const unwatch = options.usage?.watch(family, options.allowance ?? {}, failWith);
  const input = inlet?.open() ?? wordsInto(process_.stdin as Bun.FileSink);
  const out = outlet?.read() ?? chunksOf(process_.stdout);
  const errors = chunksOf(process_.stderr);
  const reading = output.read(out.chunks, lineBytes, () => {
    isOverlong = true;
    failWith(tooLong(lineBytes));
  });
  const draining = said.drain(errors.chunks);

  // One that lives on and cannot be heard any more would let each of its callers wait for nothing.
  void reading
    .then(() => within(deafMs, process_.exited))
    .then((code) => code === undefined && !stopping && failWith("it closed its standard output"));

  const exited = process_.exited.then(() => {
    const signal = process_.signalCode === null ? null : String(process_.signalCode);
    return { code: process_.exitCode, signal, ...(reason === undefined ? {} : { reason }) };
  });

  const closed = (async (): Promise<Exit> => {
    const how = await exited;
    unwatch?.();
    // What it started goes with it; otherwise a grandchild would hold our pipes and live on.
    killGroup(pid, "SIGKILL");
    await endFamily(family);
    await within(500, Promise.all([reading, draining]));
    input.close();
    out.close();
    errors.close();
    said.end();
    forget(dataDir, pid);
    const exit = { ...how, stderr: log.since(startedWith, shownLines) };
    return reason === undefined ? exit : { ...exit, reason, ...(isOverlong ? { isOverlong } : {}) };
  })();

  /** The leader last: as long as it lives, what it started is known by descent, too. */
  function end(): void {
    void endFamily(family);
    killGroup(pid, "SIGKILL");
  }

  function send(message: Message): void {
    if (process_.exitCode !== null || process_.signalCode !== null || stopping)
      throw new Problem("unavailable", "the server's process has ended");
    input.send(message);
  }

  async function stop(fast: boolean): Promise<Exit> {
    stopping = true;
    if (!fast) {
      input.end();
      if ((await within(patience.afterEofMs, closed)) !== undefined) return await closed;
      killGroup(pid, "SIGTERM");
      if ((await within(patience.afterTermMs, closed)) !== undefined) return await closed;
    }
    end();
    return await closed;
  }

  return { pid, send, stop, exited, heard: reading, closed, onMessage: output.onMessage };
}

function spawn({ command, asBun, env, cwd, confinement }: ChildOptions, mark: Mark, inlet?: Inlet, outlet?: Outlet) {
  const marked = { ...env, [markVariable]: mark.text };
  const entry: Entry = { ...confinement, parent: process.pid, asBun, mark: String(mark.number) };
  // Only Linux lets a process ask to die with its parent; elsewhere the command is started as it is.
  const [words, variables] =
    process.platform === "linux"
      ? [[...selfCommand(), childWord, JSON.stringify(entry), ...command], marked]
      : [[...command], asBun ? { ...marked, BUN_BE_BUN: "1" } : marked];
  try {
    const child = Bun.spawn(words, {
      env: variables,
      stdin: inlet?.childEnd ?? "pipe",
      stdout: outlet?.childEnd ?? "pipe",
      stderr: "pipe",
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
    inlet?.spawned(true);
    outlet?.spawned(true);
    return child;
  } catch (error) {
    inlet?.spawned(false);
    outlet?.spawned(false);
    throw new Problem(
      "unavailable",
      cwd === undefined ? "the process cannot be started" : "the process cannot be started in its cwd",
      { cause: error },
    );
  }
}

/** The whole group: the server, and whatever it started (reference/reliability.md §0, 4). */
function killGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal);
  } catch {
    // There is none any more.
  }
}

function chunksOf(stream: ReadableStream<Uint8Array> | number | undefined): Pieces {
  const reader = typeof stream === "object" ? stream.getReader() : undefined;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const read = await reader?.read();
      if (read?.done !== false) return;
      yield read.value;
    }
  }
  return { chunks: chunks(), close: () => void reader?.cancel().catch(() => {}) };
}
