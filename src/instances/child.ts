import { Problem } from "../lib/problem.ts";
import { createShare } from "../lib/turn.ts";
import { within } from "../lib/wait.ts";
import { serverLimitsOf } from "../resources/limits.ts";
import type { Channel, Exit } from "./channel.ts";
import { lineCutter } from "./lines.ts";
import type { LogRing } from "./log-ring.ts";
import { outputBounds, serverOutput, shownLines, tooLong } from "./output.ts";
import { childWord, selfCommand } from "./self.ts";
import { forget, remember } from "./sweep.ts";

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
};

export type Child = Channel & { readonly pid: number; stop: (fast: boolean) => Promise<Exit> };

const patience = { afterEofMs: 2_000, afterTermMs: 3_000 } as const;

/**
 * Starts a server as the leader of a process group of its own, through the wrapper that dies with us.
 * @throws Problem `unavailable` when the folder it shall work in is not there
 */
export function startChild({
  command,
  asBun,
  env,
  cwd,
  log,
  dataDir,
  lineBytes = serverLimitsOf({}).lineBytes,
}: ChildOptions): Child {
  const output = serverOutput(log);
  const process_ = spawn(...wrapped(command, asBun, env), cwd);
  const { pid } = process_;
  remember(dataDir, pid);
  const startedWith = log.total();
  let reason: string | undefined;
  let unsent = 0;
  let stopping = false;

  const failWith = (why: string) => {
    reason ??= why;
    killGroup(pid, "SIGKILL");
  };
  const reading = output.read(process_.stdout, lineBytes, () => failWith(tooLong(lineBytes)));
  const errors = drain(
    process_.stderr,
    lineCutter(outputBounds.errorLine, log.add, () => {}),
  );

  const closed = (async (): Promise<Exit> => {
    await process_.exited;
    // What it started goes with it; otherwise a grandchild would hold our pipes and live on.
    killGroup(pid, "SIGKILL");
    await within(500, Promise.all([reading, errors]));
    forget(dataDir, pid);
    const signal = process_.signalCode === null ? null : String(process_.signalCode);
    const exit = { code: process_.exitCode, signal, stderr: log.since(startedWith, shownLines) };
    return reason === undefined ? exit : { ...exit, reason, isOverlong: true };
  })();

  function send(text: string): void {
    if (process_.exitCode !== null || process_.signalCode !== null || stopping)
      throw new Problem("unavailable", "the server's process has ended");
    if (unsent > outputBounds.unsentBytes) throw new Problem("unavailable", "the server does not read what it is sent");
    process_.stdin.write(`${text}\n`);
    const flushed = process_.stdin.flush();
    if (!(flushed instanceof Promise)) return;
    unsent += text.length;
    void flushed
      .catch(() => {})
      .then(() => {
        unsent -= text.length;
      });
  }

  async function stop(fast: boolean): Promise<Exit> {
    stopping = true;
    if (!fast) {
      await Promise.resolve(process_.stdin.end()).catch(() => {});
      if ((await within(patience.afterEofMs, closed)) !== undefined) return await closed;
      killGroup(pid, "SIGTERM");
      if ((await within(patience.afterTermMs, closed)) !== undefined) return await closed;
    }
    killGroup(pid, "SIGKILL");
    return await closed;
  }

  return {
    pid,
    send,
    stop,
    closed,
    onMessage: output.onMessage,
  };
}

/** Only Linux lets a process ask to die with its parent; elsewhere the command is started as it is. */
function wrapped(
  command: readonly string[],
  asBun: boolean,
  env: Record<string, string>,
): [string[], Record<string, string>] {
  if (process.platform !== "linux") return [[...command], asBun ? { ...env, BUN_BE_BUN: "1" } : env];
  return [[...selfCommand(), childWord, String(process.pid), asBun ? "bun" : "plain", ...command], env];
}

function spawn(command: string[], env: Record<string, string>, cwd: string | undefined) {
  try {
    return Bun.spawn(command, {
      env,
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
  } catch (error) {
    throw new Problem(
      "unavailable",
      cwd === undefined ? "the process cannot be started" : "the process cannot be started in its cwd",
      { cause: error },
    );
  }
}

/** The whole group: the server, and whatever it started (reference/reliability.md §0, 4). */
function killGroup(pgid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch {
    return false;
  }
}

async function drain(stream: ReadableStream<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  const { began, spent } = createShare();
  try {
    for await (const chunk of stream) {
      began();
      take(chunk);
      await spent();
    }
  } catch {
    // The pipe broke: the process is going, and `closed` says so.
  }
}
