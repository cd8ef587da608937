import { lineCutter } from "../../lib/lines.ts";
import { isObject } from "../../lib/object.ts";
import { messageOf, Problem } from "../../lib/problem.ts";
import { ShareOfTime } from "../../lib/share.ts";
import { sleep, within } from "../../lib/wait.ts";
import { longestLine, serverLimitsOf } from "../../resources/limits.ts";
import type { ServerFields } from "../../resources/server.ts";
import { boundedWords } from "../bounded-words.ts";
import type { Channel, Exit } from "../channel.ts";
import type { LogRing } from "../log-ring.ts";
import { outputBounds, serverOutput, shownLines, tooLong } from "../output.ts";
import type { Attached } from "./attach.ts";
import { type Ended, exitOf } from "./ending.ts";
import type { Engine } from "./engine.ts";
import type { Frame } from "./frames.ts";

const usualPatience = { afterEofMs: 2_000, afterTermMs: 3_000, afterKillMs: 8_000 } as const;
const shortMs = 10_000;
const newline = 10;
const unanswered = "the container engine does not answer any more";

export type Container = Channel & { stop: (fast: boolean) => Promise<Exit> };

type Running = {
  engine: Engine;
  id: string;
  attached: Attached;
  fields: ServerFields;
  log: LogRing;
  patience?: { afterEofMs: number; afterTermMs: number; afterKillMs: number };
};

/** A container that has been started and is attached to, until it has ended and is removed. */
export function followContainer(running: Running): Container {
  const { engine, id, attached, fields, log, patience = usualPatience } = running;
  const said = boundedWords(log.add);
  const output = serverOutput({ add: said.add });
  const speaks = fields.containerPort === undefined;
  const startedWith = log.total();
  const lineBytes = longestLine(serverLimitsOf(fields));
  let reason: string | undefined;
  let isStopping = false;
  let hasEnded = false;

  const stdout = outputOf(attached.frames, said);
  const reading = speaks
    ? output.read(stdout, lineBytes, () => {
        reason ??= tooLong(lineBytes);
        void kill();
      })
    : output.readAsLog(stdout);

  const gaveUp = Promise.withResolvers<Exit>();
  const untold = (): Exit => ({
    code: null,
    signal: null,
    stderr: log.since(startedWith, shownLines),
    reason: unanswered,
  });

  async function end(): Promise<Exit> {
    await reading;
    hasEnded = true;
    attached.close();
    const ended = await endOf(engine, id);
    if (ended === undefined) return { ...untold(), ...(reason === undefined ? {} : { reason }) };
    await remove(engine, id);
    const exit = exitOf(ended, fields, log.since(startedWith, shownLines), isStopping || reason !== undefined);
    return reason === undefined ? exit : { ...exit, reason, isOverlong: true };
  }
  const closed = Promise.race([end(), gaveUp.promise]);

  async function kill(): Promise<void> {
    await engine.ask("POST", `/containers/${id}/kill?signal=SIGKILL`, { ms: shortMs }).catch(() => {});
  }

  async function stop(fast: boolean): Promise<Exit> {
    isStopping = true;
    if (!fast) {
      if (speaks) attached.endInput();
      if (speaks && (await within(patience.afterEofMs, closed)) !== undefined) return await closed;
      const path = `/containers/${id}/stop?t=${Math.ceil(patience.afterTermMs / 1000)}`;
      const asked = engine.ask("POST", path, { ms: shortMs }).catch(() => {});
      await within(2 * patience.afterTermMs, Promise.race([asked, closed]));
    }
    if (!hasEnded) void kill();
    if ((await within(patience.afterKillMs, closed)) === undefined) {
      // An engine that hangs must not keep us: what it still has of ours is swept with the next run, or at the next start.
      gaveUp.resolve(untold());
      attached.close();
    }
    return await closed;
  }

  return {
    send(text: string): void {
      if (hasEnded || isStopping) throw new Problem("unavailable", "the server's container has ended");
      attached.send(text);
    },
    onMessage: output.onMessage,
    closed,
    stop,
  };
}

/** What it writes on standard output. What it writes on standard error is kept on the way, within a share of each turn of the event loop. */
async function* outputOf(
  frames: AsyncIterable<Frame>,
  said: ReturnType<typeof boundedWords>,
): AsyncGenerator<Uint8Array> {
  const cut = lineCutter(outputBounds.errorLine, said.add, () => {});
  const share = new ShareOfTime();
  let isMidLine = false;
  try {
    for await (const { stream, bytes } of frames) {
      if (stream === "stdout") yield bytes;
      else {
        await share.began();
        cut(bytes);
        isMidLine = bytes.at(-1) !== newline;
        await share.spent();
      }
    }
  } catch (error) {
    said.add(`mcpctl: ${messageOf(error)}`);
  }
  // Last words often come without an end of line.
  if (isMidLine) cut(new Uint8Array([newline]));
  said.end();
}

/**
 * How it ended: the connection is closed a moment before the engine knows. One that runs on without being heard is of no use and is killed.
 * Undefined when the engine does not tell.
 */
async function endOf(engine: Engine, id: string): Promise<Ended | undefined> {
  for (let pauseMs = 20, asks = 0; asks < 12; pauseMs = Math.min(pauseMs * 2, 500), asks++) {
    try {
      const answer: unknown = JSON.parse(await engine.ask("GET", `/containers/${id}/json`, { ms: shortMs }));
      const state = isObject(answer) && isObject(answer["State"]) ? answer["State"] : {};
      if (state["Running"] === false && typeof state["ExitCode"] === "number")
        return { ExitCode: state["ExitCode"], OOMKilled: state["OOMKilled"] === true };
      if (asks === 8) await engine.ask("POST", `/containers/${id}/kill?signal=SIGKILL`, { ms: shortMs });
    } catch {
      // Perhaps it answers the next time.
    }
    await sleep(pauseMs);
  }
  return undefined;
}

/** With its nameless volumes. Best effort: what is left is swept with the next run. */
export async function remove(engine: Engine, idOrName: string): Promise<boolean> {
  try {
    await engine.ask("DELETE", `/containers/${idOrName}?force=true&v=true`, { ms: shortMs });
    return true;
  } catch {
    return false;
  }
}
