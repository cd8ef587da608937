import type { Clock } from "../../lib/clock.ts";
import type { Counters } from "../../lib/counters.ts";
import type { Ending } from "../../lib/ending.ts";
import { Problem } from "../../lib/problem.ts";
import { setByProject } from "../../resources/limits.ts";
import { errorOutcome, type Outcome } from "../answers.ts";
import { notification, request } from "../json-rpc.ts";
import { type Abilities, answerMs, canAnswer, type LogLevel } from "../peer.ts";
import { codes } from "../protocol.ts";
import { Busy } from "../upstream/failures.ts";
import type { Holder } from "../visit.ts";
import type { SessionFacts } from "./session.ts";
import { Transcripts } from "./transcript.ts";

/** What a session has going on at this moment, or has asked for. Most have nothing, and cost nothing. */
export type Live = {
  /** Whose it is, with all their tokens and logins: what many share is shared out among these. */
  owner: string;
  holder: Holder | undefined;
  level: LogLevel | undefined;
  /** Resources it wants to hear of, as it calls them. */
  subscriptions: Map<string, { serverId: string; key: string }>;
  /** Its requests that have no answer yet, by their id as it was written. */
  running: Map<string, Ending>;
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
export function createLives(clock: Clock, onEnd: (id: string) => void, counters?: Pick<Counters, "add">) {
  let bytes = 0;
  const lives = new Map<string, Live>();
  /** The sessions of each holder. */
  const held = new Map<string, Set<string>>();
  const ended = new Set<string>();
  const timer = setInterval(sweep, sweepMs);
  timer.unref();

  /** @throws Busy when all that the holder may have are in use */
  function of({ id, version }: SessionFacts, owner: string, holder?: Holder): Live {
    const known = lives.get(id);
    if (known !== undefined) {
      known.usedAt = clock.now();
      return known;
    }
    if (holder !== undefined) makeRoom(holder);
    const live: Live = {
      owner,
      holder,
      level: undefined,
      subscriptions: new Map(),
      running: new Map(),
      asks: new Map(),
      listener: undefined,
      transcripts: new Transcripts(version >= "2025-11-25", clock.now, grew),
      usedAt: clock.now(),
    };
    lives.set(id, live);
    if (holder !== undefined) held.set(holder.key, (held.get(holder.key) ?? new Set()).add(id));
    if (lives.size > mostLive) endSome();
    return live;
  }

  /** The idle one that was used longest ago goes first, before that those of which nothing is lost. */
  function makeRoom({ key, project, most: { sessions } }: Holder): void {
    const own = held.get(key);
    if (own === undefined || own.size < sessions) return;
    const idle = [...own].flatMap((id) => {
      const live = lives.get(id);
      return live === undefined || isBusy(live) || live.listener !== undefined ? [] : [{ id, live }];
    });
    const [oldest] = idle.toSorted(
      ({ live: a }, { live: b }) => Number(hasState(a)) - Number(hasState(b)) || a.usedAt - b.usedAt,
    );
    counters?.add(oldest === undefined ? "sessions_refused" : "sessions_ended", project);
    if (oldest === undefined)
      throw new Busy(`This token has ${own.size} sessions with something going on; ${setByProject("sessions")}`);
    end(oldest.id);
  }

  function grew(by: number): void {
    bytes += by;
    if (by > 0 && bytes > mostBytes) emptySome();
  }

  const isBusy = ({ running, asks }: Live) => running.size > 0 || asks.size > 0;
  const hasState = ({ level, subscriptions }: Live) => level !== undefined || subscriptions.size > 0;

  function sweep(): void {
    for (const [id, live] of lives) {
      const idle = clock.now() - live.usedAt;
      const isOpen = live.transcripts.prune() || isBusy(live);
      if (!isOpen && idle > (hasState(live) ? stateMs : idleMs)) end(id);
    }
  }

  /** Whoever has most comes first, with what was used longest ago: a flood of one costs the others nothing. */
  function byWeight(weigh: (live: Live) => number): [string, Live][] {
    const weights = new Map<string, number>();
    for (const live of lives.values()) weights.set(live.owner, (weights.get(live.owner) ?? 0) + weigh(live));
    const weightOf = ({ owner }: Live) => weights.get(owner) ?? 0;
    return [...lives].toSorted(
      ([, a], [, b]) => weightOf(b) - weightOf(a) || Number(isBusy(a)) - Number(isBusy(b)) || a.usedAt - b.usedAt,
    );
  }

  /** Some at once, since finding out whose costs time. */
  function endSome(): void {
    for (const [id] of byWeight(() => 1)) {
      if (lives.size <= mostLive * 0.9) return;
      end(id);
    }
  }

  function emptySome(): void {
    for (const [, { transcripts }] of byWeight((live) => live.transcripts.bytes())) {
      if (bytes <= mostBytes * 0.9) return;
      transcripts.empty();
    }
  }

  function end(id: string): void {
    const live = lives.get(id);
    if (live === undefined) return;
    lives.delete(id);
    const { key = "" } = live.holder ?? {};
    held.get(key)?.delete(id);
    if (held.get(key)?.size === 0) held.delete(key);
    for (const running of live.running.values()) running.end();
    for (const answer of live.asks.values()) answer(gone());
    live.transcripts.close();
    onEnd(id);
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
