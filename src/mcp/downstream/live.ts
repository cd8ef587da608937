import type { Clock } from "../../lib/clock.ts";
import { Problem } from "../../lib/problem.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { notification, request } from "../json-rpc.ts";
import { type Abilities, answerMs, canAnswer, type LogLevel } from "../peer.ts";
import { codes } from "../protocol.ts";
import type { SessionFacts } from "./session.ts";
import { createTranscripts, type Transcripts } from "./transcript.ts";

/** What a session has going on at this moment, or has asked for. Most have nothing, and cost nothing. */
export type Live = {
  level: LogLevel | undefined;
  /** Resources it wants to hear of, as it calls them. */
  subscriptions: Map<string, { serverId: string; key: string }>;
  /** Its requests that have no answer yet, by their id as it was written. */
  running: Map<string, AbortController>;
  /** Questions to it that have no answer yet, by our id. */
  asks: Map<string, (answer: Outcome) => void>;
  transcripts: Transcripts;
  /** Who hears what belongs to no request, and how it is said; undefined while nobody does. */
  listener: Listener | undefined;
  usedAt: number;
};

/** `say` answers whether it was heard. */
export type Listener = { subject: string; abilities: Abilities; say: (text: string) => boolean };

const mostAsks = 64;
const idleMs = 10 * 60_000;
/** Those that asked for something are remembered longer, as long as there are not too many. */
const stateMs = 24 * 3_600_000;
const mostLive = 10_000;
const mostBytes = 64 * 1024 * 1024;
const sweepMs = 30_000;
let nextAsk = 1;

/** The live part of legacy sessions. Bounded in number and bytes; what falls out is a stream that cannot be resumed, never a session. */
export type Lives = ReturnType<typeof createLives>;

/** `onEnd` is told of each session whose state is let go of: nothing is to be heard for it any more. */
export function createLives(clock: Clock, onEnd: (id: string) => void) {
  const lives = new Map<string, Live>();
  const ended = new Set<string>();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  function of({ id, version }: SessionFacts): Live {
    const known = lives.get(id);
    if (known !== undefined) {
      known.usedAt = clock.now();
      return known;
    }
    const live: Live = {
      level: undefined,
      subscriptions: new Map(),
      running: new Map(),
      asks: new Map(),
      listener: undefined,
      transcripts: createTranscripts(version >= "2025-11-25", clock.now),
      usedAt: clock.now(),
    };
    lives.set(id, live);
    if (lives.size > mostLive) sweep();
    return live;
  }

  function sweep(): void {
    let bytes = 0;
    for (const [id, live] of lives) {
      const idle = clock.now() - live.usedAt;
      const isOpen = live.transcripts.prune() || live.running.size > 0 || live.asks.size > 0;
      const hasState = live.level !== undefined || live.subscriptions.size > 0;
      if (!isOpen && idle > (hasState ? stateMs : idleMs)) end(id);
      else bytes += live.transcripts.bytes();
    }
    const byAge = [...lives].toSorted(([, a], [, b]) => a.usedAt - b.usedAt);
    for (const [id, live] of byAge) {
      if (lives.size <= mostLive && bytes <= mostBytes) return;
      bytes -= live.transcripts.bytes();
      end(id);
    }
  }

  function end(id: string): void {
    const live = lives.get(id);
    if (live === undefined) return;
    lives.delete(id);
    for (const running of live.running.values()) running.abort();
    for (const answer of live.asks.values()) answer(gone());
    live.transcripts.close();
    if (live.subscriptions.size > 0) onEnd(id);
  }

  return {
    of,
    sweep,
    find: (id: string): Live | undefined => lives.get(id),
    /** Tells all who listen of this subject's something that no call was about. */
    tell(subject: string, method: string, params: string): void {
      const text = notification(method, params);
      for (const { listener } of lives.values()) if (listener?.subject === subject) listener.say(text);
    },
    /** Asks a client what belongs to none of its calls: one of this subject that listens and can answer. */
    async ask(subject: string, method: string, params: string, signal: AbortSignal): Promise<Outcome> {
      const live = [...lives.values()].findLast(
        ({ listener }) => listener?.subject === subject && canAnswer(listener.abilities, method, params),
      );
      if (live?.listener === undefined)
        return errorOutcome(codes.unknownMethod, `No client listens that can be asked ${method} outside of a call`);
      return await askClient(live, method, params, signal, live.listener.say);
    },
    isEnded: (id: string): boolean => ended.has(id),
    /** The client has ended its session: its id is unknown from now on, as long as we remember. */
    finish(id: string): void {
      end(id);
      ended.add(id);
      if (ended.size > mostLive) ended.delete(ended.values().next().value ?? "");
    },
    size: () => lives.size,
    close(): void {
      clearInterval(timer);
      for (const id of [...lives.keys()]) end(id);
    },
  };
}

const gone = (): Outcome => errorOutcome(codes.internal, "The client has gone");

/**
 * Asks the client by `send`, which answers whether it can hear. Never waits for ever, nor longer than somebody wants to know.
 * @throws Problem `unavailable` when too much is asked at once
 */
export function askClient(
  live: Live,
  method: string,
  params: string,
  signal: AbortSignal,
  send: (text: string) => boolean,
): Promise<Outcome> {
  if (live.asks.size >= mostAsks)
    throw new Problem("unavailable", "The client has too many questions to answer already");
  const id = `"mcpctl-${nextAsk++}"`;
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(
    () => resolve(errorOutcome(codes.internal, `The client gave no answer within ${answerMs / 60_000} minutes`)),
    answerMs,
  );
  live.asks.set(id, resolve);
  const heard = send(request(id, method, params));
  if (!heard) resolve(gone());
  const withdraw = () => {
    send(notification("notifications/cancelled", `{"requestId":${id}}`));
    resolve(gone());
  };
  signal.addEventListener("abort", withdraw, { once: true });
  if (signal.aborted) withdraw();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", withdraw);
    live.asks.delete(id);
  });
}
